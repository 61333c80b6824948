//! What is to be known about neighbouring samples, found once for a series instead of once for each window.

use promqlite_model::histogram::{CounterResetHint, HistogramColumn, Schema};
use promqlite_model::{HistogramSamples, NO_HISTOGRAM, Samples};

use super::Kind;
use crate::range::start_time;

/// Samples of which something is true: most often few of a series, and fewer of a window.
#[derive(Debug, Default)]
pub(super) struct Marks {
    at: Vec<u32>,
    /// The first mark that no window so far has left behind.
    from: usize,
    /// The first mark behind the newest window.
    to: usize,
}

impl Marks {
    fn push(&mut self, i: usize) {
        self.at.push(i as u32);
    }

    /// The marked samples among `lo..hi`, ascending. Neither bound is ever less than in the call before.
    #[inline]
    pub(super) fn within(&mut self, lo: usize, hi: usize) -> &[u32] {
        while self.at.get(self.from).is_some_and(|&i| (i as usize) < lo) {
            self.from += 1;
        }
        self.to = self.to.max(self.from);
        while self.at.get(self.to).is_some_and(|&i| (i as usize) < hi) {
            self.to += 1;
        }
        &self.at[self.from..self.to]
    }

    /// Whether any sample among `lo..hi` is marked.
    #[inline]
    pub(super) fn any_within(&mut self, lo: usize, hi: usize) -> bool {
        !self.within(lo, hi).is_empty()
    }
}

/// What the windows of `rate`, `increase` and `delta` ask about the samples of a series. Except for gauges, a mark
/// says how a sample differs from the one before.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// A float after a histogram, or the other way round.
    pub(super) switches: Marks,
    /// Histograms that say that they are gauges.
    pub(super) gauges: Marks,
    /// The counter was reset, of samples of one type. Only for counters.
    pub(super) resets: Marks,
    /// A histogram of another layout.
    pub(super) layouts: Marks,
    /// A histogram of another schema.
    pub(super) schemas: Marks,
    /// A start timestamp before the sample before.
    pub(super) overlaps: Marks,
}

impl Facts {
    /// Looks at each sample once. Start timestamps count if `starts` says so.
    pub(super) fn of(
        kind: Kind,
        samples: &Samples<'_>,
        histograms: HistogramSamples<'_>,
        starts: bool,
    ) -> Self {
        let mut facts = Self::default();
        let (index, column) = (histograms.index, histograms.column);
        for i in 0..samples.len() {
            if index[i] != NO_HISTOGRAM && column.hint(index[i]) == CounterResetHint::Gauge {
                facts.gauges.push(i);
            }
            if i == 0 {
                continue;
            }
            let reset = match (index[i - 1], index[i]) {
                (NO_HISTOGRAM, NO_HISTOGRAM) => samples.values[i] < samples.values[i - 1],
                (NO_HISTOGRAM, _) | (_, NO_HISTOGRAM) => {
                    facts.switches.push(i);
                    false
                }
                (before, now) => {
                    facts.compare_layouts(i, column, before, now);
                    kind.is_counter() && column.is_reset(before, now)
                }
            };
            if reset || (starts && start_time::restarted(samples, i)) {
                facts.resets.push(i);
            }
            if starts && start_time::overlaps(samples, i) {
                facts.overlaps.push(i);
            }
        }
        facts
    }

    #[inline]
    fn compare_layouts(&mut self, i: usize, column: &HistogramColumn, before: u32, now: u32) {
        if column.layout(before) == column.layout(now) {
            return;
        }
        self.layouts.push(i);
        let schema = |index: u32| -> Schema { column.get(index).schema() };
        if schema(before) != schema(now) {
            self.schemas.push(i);
        }
    }
}
