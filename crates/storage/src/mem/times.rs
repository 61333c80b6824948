//! Times of samples, which series that are scraped together have in common.

use std::ops::Deref;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

/// Times in ms, strictly ascending.
///
/// A scrape gives all series of a target one timestamp, so their columns of times are mostly the same: Gorilla leaves
/// that to compression, VictoriaMetrics stores equal blocks of timestamps once. Here it halves the memory of floats, and
/// looking for a time in one series after another stays in the CPU's caches.
#[derive(Clone, Debug)]
pub(super) enum Times {
    Own(Vec<i64>),
    /// Held by any number of columns; who writes takes a copy.
    Shared(Arc<[i64]>),
}

impl Default for Times {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl Deref for Times {
    type Target = [i64];

    #[inline]
    fn deref(&self) -> &[i64] {
        match self {
            Self::Own(times) => times,
            Self::Shared(times) => times,
        }
    }
}

impl Times {
    pub(super) fn with_capacity(times: usize) -> Self {
        Self::Own(Vec::with_capacity(times))
    }

    /// The times as others may share them, if they are ready for that.
    pub(super) fn shared(&self) -> Option<&Arc<[i64]>> {
        match self {
            Self::Own(_) => None,
            Self::Shared(times) => Some(times),
        }
    }

    pub(super) fn push(&mut self, t_ms: i64) {
        self.own(1).push(t_ms);
    }

    pub(super) fn extend_from_slice(&mut self, times: &[i64]) {
        self.own(times.len()).extend_from_slice(times);
    }

    /// The times as a vector of this column, with room for `more` if they were shared.
    fn own(&mut self, more: usize) -> &mut Vec<i64> {
        if let Self::Shared(shared) = self {
            // As much room as a vector that grows by pushing would take.
            let mut times = Vec::with_capacity(shared.len() + more.max(shared.len()));
            times.extend_from_slice(shared);
            *self = Self::Own(times);
        }
        match self {
            Self::Own(times) => times,
            Self::Shared(_) => unreachable!("invariant: shared times were copied"),
        }
    }

    /// Gives the times up for equal ones of another column, or for others to have in common.
    pub(super) fn share(&mut self, shared: &mut SharedTimes) {
        if let Self::Own(times) = self {
            *self = Self::Shared(shared.intern(times));
        }
    }

    /// Bytes on the heap: this column's part of those that are shared.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Own(times) => times.capacity() * 8,
            Self::Shared(times) => (16 + times.len() * 8) / Arc::strong_count(times),
        }
    }
}

/// The different times of the columns of a store, while it is being optimized.
#[derive(Debug, Default)]
pub(super) struct SharedTimes {
    all: HashSet<Arc<[i64]>, RandomState>,
    /// Those of the last column: series of a target mostly follow each other.
    last: Option<Arc<[i64]>>,
}

impl SharedTimes {
    fn intern(&mut self, times: &[i64]) -> Arc<[i64]> {
        if let Some(last) = self.last.as_ref().filter(|last| last[..] == *times) {
            return Arc::clone(last);
        }
        let shared = self.all.get_or_insert_with(times, |times| Arc::from(times));
        self.last.insert(Arc::clone(shared)).clone()
    }

    /// Takes note of times that are shared already.
    pub(super) fn add(&mut self, times: &Arc<[i64]>) {
        if !self.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, times)) {
            self.all.insert(Arc::clone(times));
            self.last = Some(Arc::clone(times));
        }
    }
}
