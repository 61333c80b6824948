//! The byte budget: everything whose size depends on the data is counted before it is allocated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use promqlite_model::{Batch, Home};

use crate::context::Cx;
use crate::error::ExecError;
use crate::measure::{Meter, PartId};
use crate::spare::Spare;

/// The bytes that all parts of one query hold together.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    held: AtomicUsize,
    /// The most that was held before anything was given back.
    peak: AtomicUsize,
    /// Counts what each part of the query holds, if that is measured.
    meter: Option<Arc<Meter>>,
    /// Not held, but gone as soon as the limit needs it.
    spare: Spare,
}

impl Budget {
    pub(crate) fn new(limit: usize, meter: Option<Arc<Meter>>) -> Self {
        let (held, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { limit, held, peak, meter, spare: Spare::default() }
    }

    /// The most bytes that were held at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed).max(self.held.load(Ordering::Relaxed))
    }

    /// The part of the query that holds what is taken now.
    fn owner(&self) -> PartId {
        self.meter.as_ref().map_or(PartId::REST, |meter| meter.here())
    }

    fn take(&self, bytes: usize, owner: PartId) -> Result<(), ExecError> {
        if bytes == 0 {
            return Ok(());
        }
        // A sum that overflows is over any limit; a refused request is not held.
        let before = self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            held.checked_add(bytes).filter(|&now| now <= self.limit)
        });
        match before {
            Ok(before) => {
                if self.spare.bytes() > self.limit - (before + bytes) {
                    self.spare.clear();
                }
                if let Some(meter) = &self.meter {
                    meter.hold(owner, bytes);
                }
                Ok(())
            }
            Err(held) => {
                let needed = held.saturating_add(bytes);
                Err(ExecError::TooManyBytes { needed, limit: self.limit })
            }
        }
    }

    fn give_back(&self, bytes: usize, owner: PartId) {
        if bytes == 0 {
            return;
        }
        // What is held falls nowhere else; and a look is cheaper than a write.
        let before = self.held.fetch_sub(bytes, Ordering::Relaxed);
        if before > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(before, Ordering::Relaxed);
        }
        if let Some(meter) = &self.meter {
            meter.give_back(owner, bytes);
        }
    }

    fn hand_over(&self, bytes: usize, from: PartId, to: PartId) {
        if let Some(meter) = self.meter.as_ref().filter(|_| from != to) {
            meter.receive(to, bytes);
            meter.give_back(from, bytes);
        }
    }
}

/// Takes batches back that nobody needs any more: those of the query, and blocks of a result that is streamed, once the
/// sink is done with them.
impl Home for Budget {
    fn take_back(&self, batch: Batch) {
        let room = self.limit.saturating_sub(self.held.load(Ordering::Relaxed));
        if Spare::keeps(batch.rows() * batch.steps())
            && self.spare.bytes().saturating_add(batch.bytes()) <= room
        {
            self.spare.give(batch);
        }
    }
}

/// Bytes that are held until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
    owner: PartId,
}

impl Held {
    /// Holds `bytes`.
    pub(crate) fn new(budget: &Arc<Budget>, bytes: usize) -> Result<Self, ExecError> {
        let owner = budget.owner();
        budget.take(bytes, owner)?;
        Ok(Self { budget: Arc::clone(budget), bytes, owner })
    }

    /// How many bytes are held here.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A spare batch of empty cells of this shape, if there is one. Its floats are held already; its room for histograms
    /// comes with it if that can be held too.
    pub(crate) fn take_spare(&mut self, rows: usize, steps: usize) -> Option<Batch> {
        let mut batch = self.budget.spare.take(rows, steps)?;
        if self.grow_to(batch.bytes()).is_err() {
            batch.drop_room();
        }
        Some(batch)
    }

    /// Takes a batch that nobody needs any more, which was held by this.
    pub(crate) fn give_spare(&mut self, batch: Batch) {
        drop(self.split());
        self.budget.take_back(batch);
    }

    /// Holds `bytes` more.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), ExecError> {
        self.budget.take(bytes, self.owner)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Holds `bytes` more for whatever part of the query is at work, which holds them to its end.
    pub(crate) fn add_for_all(&mut self, bytes: usize) -> Result<(), ExecError> {
        self.budget.take(bytes, self.budget.owner())?;
        self.bytes += bytes;
        Ok(())
    }

    /// Holds `bytes` from now on, be that more or less than before.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), ExecError> {
        if bytes > self.bytes {
            return self.add(bytes - self.bytes);
        }
        self.budget.give_back(self.bytes - bytes, self.owner);
        self.bytes = bytes;
        Ok(())
    }

    /// Holds at least `bytes` from now on.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), ExecError> {
        self.add(bytes.saturating_sub(self.bytes))
    }

    /// Hands on everything that is held here.
    pub(crate) fn split(&mut self) -> Self {
        let Self { budget, bytes, owner } = self;
        Self { budget: Arc::clone(budget), bytes: std::mem::take(bytes), owner: *owner }
    }

    /// Holds what `other` held as well.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.budget.hand_over(other.bytes, other.owner, self.owner);
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes, self.owner);
    }
}

/// Counts many small things, such as label sets: the budget is asked once in a while, and so is whether the
/// query is to go on.
pub(crate) struct Tally<'c, 'q> {
    cx: &'c Cx<'q>,
    held: Held,
    open: usize,
    items: u32,
}

/// A tally asks after so many bytes or items.
const TALLY_BYTES: usize = 64 << 10;
const TALLY_ITEMS: u32 = 1024;

impl<'c, 'q> Tally<'c, 'q> {
    /// Nothing counted yet but `bytes` of which the size is known beforehand.
    pub(crate) fn new(cx: &'c Cx<'q>, bytes: usize) -> Result<Self, ExecError> {
        Ok(Self { cx, held: cx.hold(bytes)?, open: 0, items: 0 })
    }

    /// Counts something larger at once.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), ExecError> {
        self.held.add(bytes)
    }

    /// Counts one thing of this size.
    #[inline]
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), ExecError> {
        self.open += bytes;
        self.items += 1;
        if self.open >= TALLY_BYTES || self.items >= TALLY_ITEMS { self.settle() } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<(), ExecError> {
        self.cx.check()?;
        self.items = 0;
        self.held.add(std::mem::take(&mut self.open))
    }

    /// Everything that was counted.
    pub(crate) fn finish(mut self) -> Result<Held, ExecError> {
        self.settle()?;
        Ok(self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Arc::new(Budget::new(100, None));
        let first = Held::new(&budget, 60).expect("fits");
        let refused = Held::new(&budget, 41).expect_err("41 are too many");
        assert!(matches!(refused, ExecError::TooManyBytes { needed: 101, limit: 100 }));
        let mut second = Held::new(&budget, 40).expect("fits exactly");
        assert!(second.add(usize::MAX).is_err());
        second.absorb(first);
        second.resize(10).expect("less");
        assert_eq!((budget.held.load(Ordering::Relaxed), budget.peak()), (10, 100));
        drop(second);
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
    }
}
