//! The instant selector's kernel: the newest sample of each step.

use promqlite_functions::Stop;
use promqlite_model::{RowMut, Samples, TimeRange, is_stale};
use promqlite_plan::{Emit, TimeMap};

/// The reference time of each step, in ms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct References {
    pub first: i64,
    pub step: i64,
    pub len: usize,
}

impl References {
    pub(crate) fn new(map: TimeMap, steps: usize) -> Self {
        Self { first: map.first.0, step: map.step.0, len: steps }
    }

    pub(crate) fn at(&self, k: usize) -> i64 {
        self.first.saturating_add(self.step.saturating_mul(k as i64))
    }

    /// The times from the first to the last reference, `before` ms more on the left and `after` on the right.
    pub(crate) fn span(&self, before: i64, after: i64) -> TimeRange {
        let last = self.at(self.len.saturating_sub(1));
        TimeRange::new(self.first.saturating_sub(before), last.saturating_add(after))
    }
}

/// Steps between two questions whether to stop.
const STEPS_BETWEEN_STOPS: usize = 1 << 14;

/// Calls `emit(k, i)` for each step `k` whose newest sample `i` in `(r − lookback, r]` is no staleness marker.
/// One pass over steps and samples, which ends early when `stop` says so.
#[inline]
pub(crate) fn newest(
    samples: &Samples<'_>,
    references: References,
    lookback_ms: i64,
    stop: Stop<'_>,
    mut emit: impl FnMut(usize, usize),
) -> usize {
    let times = samples.times;
    let mut next = times.partition_point(|&t| t <= references.at(0));
    let mut emitted = 0;
    for k in 0..references.len {
        if k % STEPS_BETWEEN_STOPS == STEPS_BETWEEN_STOPS - 1 && stop.now() {
            break;
        }
        let r = references.at(k);
        while next < times.len() && times[next] <= r {
            next += 1;
        }
        if next == 0 {
            continue;
        }
        let i = next - 1;
        if times[i] > r.saturating_sub(lookback_ms) && !is_stale(samples.values[i]) {
            emit(k, i);
            emitted += 1;
        }
    }
    emitted
}

/// Fills a row; returns the number of points.
pub(crate) fn fill(
    samples: &Samples<'_>,
    references: References,
    lookback_ms: i64,
    what: Emit,
    stop: Stop<'_>,
    row: &mut RowMut<'_>,
) -> usize {
    match what {
        Emit::Value if samples.histograms.is_none() => {
            let (values, valid) = row.floats();
            newest(samples, references, lookback_ms, stop, |k, i| {
                values[k] = samples.values[i];
                valid[k / 64] |= 1 << (k % 64);
            })
        }
        Emit::Value => newest(samples, references, lookback_ms, stop, |k, i| match samples.histogram(i) {
            Some(histogram) => row.set_histogram_view(k, histogram),
            None => row.set(k, samples.values[i]),
        }),
        Emit::Timestamp => newest(samples, references, lookback_ms, stop, |k, i| {
            row.set(k, samples.times[i] as f64 / 1000.0);
        }),
        Emit::StartTimestamp => newest(samples, references, lookback_ms, stop, |k, i| {
            row.set(k, samples.start_time(i) as f64 / 1000.0);
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promqlite_model::{Batch, STALE_NAN};

    fn run(times: &[i64], values: &[f64], references: References, lookback: i64) -> Vec<Option<f64>> {
        let mut batch = Batch::empty(1, references.len);
        let samples = Samples::floats(times, values);
        fill(&samples, references, lookback, Emit::Value, Stop::default(), &mut batch.row_mut(0));
        (0..references.len).map(|k| batch.float(0, k)).collect()
    }

    #[test]
    fn lookback_is_open_on_the_left() {
        let references = References { first: 299_999, step: 1, len: 2 };
        assert_eq!(run(&[0], &[1.0], references, 300_000), [Some(1.0), None]);
    }

    #[test]
    fn a_stale_newest_sample_hides_older_ones() {
        let references = References { first: 0, step: 10_000, len: 4 };
        let got = run(&[0, 10_000, 20_000, 30_000], &[0.0, 1.0, STALE_NAN, 2.0], references, 300_000);
        assert_eq!(got, [Some(0.0), Some(1.0), None, Some(2.0)]);
    }

    #[test]
    fn pinned_references_repeat() {
        let references = References { first: 10, step: 0, len: 3 };
        assert_eq!(run(&[5, 20], &[1.0, 2.0], references, 10), [Some(1.0); 3]);
    }
}
