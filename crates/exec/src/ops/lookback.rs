//! The instant selector's kernel: the newest sample of each step.

use promqlite_functions::Stop;
use promqlite_model::{LayoutMemo, NO_HISTOGRAM, RowMut, Samples, TimeRange, first_at_or_after, is_stale};
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
    let mut next = first_at_or_after(times, references.at(0).saturating_add(1));
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

/// The kernel for floats. Where samples come once a step, 64 steps are decided at a time.
fn fill_floats(
    samples: &Samples<'_>,
    references: References,
    lookback_ms: i64,
    stop: Stop<'_>,
    values: &mut [f64],
    valid: &mut [u64],
) -> usize {
    let (times, floats) = (samples.times, samples.values);
    let mut next = first_at_or_after(times, references.at(0).saturating_add(1));
    let mut emitted = 0;
    for (word, bits) in valid.iter_mut().enumerate() {
        if word % (STEPS_BETWEEN_STOPS / 64) == STEPS_BETWEEN_STOPS / 64 - 1 && stop.now() {
            break;
        }
        let first = word * 64;
        let steps = (references.len - first).min(64);
        let values = &mut values[first..first + steps];
        let r = references.at(first);
        while next < times.len() && times[next] <= r {
            next += 1;
        }
        if let Some(newest) = next.checked_sub(1)
            && steps == 64
            && let (Some(newest_times), Some(newest_values)) =
                (times.get(newest..newest + 65), floats.get(newest..newest + 64))
            && one_sample_a_step(newest_times, r, references.step, lookback_ms)
            && !newest_values.iter().fold(false, |any, &v| any | is_stale(v))
        {
            values.copy_from_slice(newest_values);
            *bits = u64::MAX;
            next = newest + 64;
            emitted += 64;
            continue;
        }
        for (j, value) in values.iter_mut().enumerate() {
            let r = references.at(first + j);
            while next < times.len() && times[next] <= r {
                next += 1;
            }
            let Some(i) = next.checked_sub(1) else { continue };
            if times[i] > r.saturating_sub(lookback_ms) && !is_stale(floats[i]) {
                *value = floats[i];
                *bits |= 1 << j;
                emitted += 1;
            }
        }
    }
    emitted
}

/// Whether `times[j]` is the newest of all times at `r + j·step` and within the lookback, for each `j` but the last.
fn one_sample_a_step(times: &[i64], r: i64, step: i64, lookback_ms: i64) -> bool {
    // Beyond 2^61 ms differences could overflow.
    const FAR: i64 = 1 << 61;
    let (Some(&first), Some(&last)) = (times.first(), times.last()) else { return false };
    let near = |t: i64| -FAR < t && t < FAR;
    let span = step.checked_mul(times.len() as i64).and_then(|span| span.checked_add(r));
    if !(near(first) && near(last) && near(r) && span.is_some_and(near) && near(lookback_ms)) {
        return false;
    }
    // Negative as soon as one condition fails; without branches, so that the loop vectorises.
    let mut signs = 0;
    let mut r = r;
    for pair in times.windows(2) {
        signs |= (r - pair[0]) | (pair[1] - r - 1) | (pair[0] + lookback_ms - r - 1);
        r += step;
    }
    signs >= 0
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
            fill_floats(samples, references, lookback_ms, stop, values, valid)
        }
        Emit::Value => {
            let mut layout = LayoutMemo::default();
            newest(samples, references, lookback_ms, stop, |k, i| match samples.histograms {
                Some(h) if h.index[i] != NO_HISTOGRAM => {
                    row.set_histogram_of(k, h.column, h.index[i], &mut layout);
                }
                _ => row.set(k, samples.values[i]),
            })
        }
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

    /// Blocks of 64 steps give what single steps give: gaps, markers, samples off the beat, odd lengths, far times.
    #[test]
    fn blocks_of_steps_equal_single_steps() {
        let beat = |offset: i64, every: i64| (0..300).map(move |i| offset + i * every).collect::<Vec<i64>>();
        let mut gap = beat(0, 10);
        gap.drain(100..140);
        let far: Vec<i64> = (0..300).map(|i| i64::MAX - 3000 + i * 10).collect();
        for times in [beat(0, 10), beat(3, 10), beat(0, 7), beat(0, 40), gap, far] {
            for stale in [usize::MAX, 0, 70, 200] {
                let mut values: Vec<f64> = (0..times.len()).map(|i| i as f64).collect();
                if let Some(value) = values.get_mut(stale) {
                    *value = STALE_NAN;
                }
                for (start, step, len) in [(0, 10, 256), (-300, 10, 301), (5, 10, 64), (20, 0, 130)] {
                    let references = References { first: times[0].saturating_add(start), step, len };
                    for lookback in [5, 10, 35, 300] {
                        let mut expected = vec![None; len];
                        newest(
                            &Samples::floats(&times, &values),
                            references,
                            lookback,
                            Stop::default(),
                            |k, i| {
                                expected[k] = Some(values[i]);
                            },
                        );
                        assert_eq!(run(&times, &values, references, lookback), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn pinned_references_repeat() {
        let references = References { first: 10, step: 0, len: 3 };
        assert_eq!(run(&[5, 20], &[1.0, 2.0], references, 10), [Some(1.0); 3]);
    }
}
