//! Batches that were read and can be filled again: a query would else ask the allocator, and often the system, for
//! each of thousands.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use promqlite_model::Batch;

/// Smaller batches cost the allocator no more than they would cost here.
const LEAST_CELLS: usize = 512;
/// Bytes that all spare batches of a query may take: a few batches for each thread.
const MOST_BYTES: usize = 4 << 20;

/// The spare batches of a query.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    /// Each with the thread that has used it, whose cache may still hold it.
    batches: Mutex<Vec<(Thread, Batch)>>,
    bytes: AtomicUsize,
}

/// A thread of the pool, or none of it: the one that asks.
type Thread = Option<usize>;

impl Spare {
    /// What the spare batches take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether batches of this many cells are worth keeping.
    pub(crate) fn keeps(cells: usize) -> bool {
        (LEAST_CELLS..=MOST_BYTES / 4 / size_of::<f64>()).contains(&cells)
    }

    /// A batch of empty cells, if there is one of this shape.
    pub(crate) fn take(&self, rows: usize, steps: usize) -> Option<Batch> {
        if self.bytes() == 0 {
            return None;
        }
        let mut batch = {
            let mut batches = self.batches.lock().expect("no holder panics");
            let fits = |batch: &Batch| batch.rows() == rows && batch.steps() == steps;
            let here = rayon::current_thread_index();
            let own = batches.iter().rposition(|(thread, batch)| *thread == here && fits(batch));
            let at = own.or_else(|| batches.iter().rposition(|(_, batch)| fits(batch)))?;
            batches.swap_remove(at).1
        };
        self.bytes.fetch_sub(batch.bytes(), Ordering::Relaxed);
        batch.valid_mut().words_mut().fill(0);
        if cfg!(debug_assertions) {
            // No kernel may look at floats that are not there.
            batch.values_mut().fill(f64::NAN);
        }
        Some(batch)
    }

    /// Keeps a batch that nobody needs, in place of those that have waited longest.
    pub(crate) fn give(&self, mut batch: Batch) {
        batch.drop_histograms();
        let mut batches = self.batches.lock().expect("no holder panics");
        self.bytes.fetch_add(batch.bytes(), Ordering::Relaxed);
        batches.push((rayon::current_thread_index(), batch));
        while self.bytes() > MOST_BYTES {
            let (_, oldest) = batches.remove(0);
            self.bytes.fetch_sub(oldest.bytes(), Ordering::Relaxed);
        }
    }

    /// Frees all of them.
    pub(crate) fn clear(&self) {
        let batches = std::mem::take(&mut *self.batches.lock().expect("no holder panics"));
        self.bytes.fetch_sub(batches.iter().map(|(_, batch)| batch.bytes()).sum(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_batches_come_back_empty_and_are_few() {
        let spare = Spare::default();
        let mut batch = Batch::empty(8, 100);
        batch.set_float(3, 7, 1.0);
        spare.give(batch);
        assert!(spare.take(8, 101).is_none());
        let batch = spare.take(8, 100).expect("one of this shape");
        assert!((0..8).all(|row| !batch.any(row)));
        assert_eq!(spare.bytes(), 0);
        (0..100).for_each(|_| spare.give(Batch::empty(100, 500)));
        assert!(spare.bytes() <= MOST_BYTES && spare.bytes() > MOST_BYTES / 2);
        spare.clear();
        assert_eq!(spare.bytes(), 0);
        assert!(spare.take(100, 500).is_none());
    }
}
