//! The instant selector's kernel: the newest sample of each step.

use promqlite_functions::Stop;
use promqlite_model::{
    LayoutMemo, NO_HISTOGRAM, RowMut, Samples, TimeRange, first_after, first_at_or_after, is_stale, pick,
    stride,
};
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
        next = first_after(times, next, r);
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

/// What a point is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Value,
    Time,
}

/// The kernel for floats, and for times of any samples. Where as many samples come in each step, 64 steps are decided at
/// a time.
fn fill_floats(
    of: Of,
    samples: &Samples<'_>,
    references: References,
    lookback_ms: i64,
    stop: Stop<'_>,
    (values, valid): (&mut [f64], &mut [u64]),
) -> usize {
    let (times, floats) = (samples.times, samples.values);
    let seconds = |t: i64| t as f64 / 1000.0;
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
        next = first_after(times, next, r);
        if let Some(newest) = next.checked_sub(1)
            && let Some(stride) = reached(times, newest, steps, r, references.step, lookback_ms)
            && !any_nan(floats, newest, stride, steps)
        {
            match of {
                Of::Value => pick(floats, newest, stride, values),
                Of::Time => {
                    let newest = times[newest..].iter().step_by(stride);
                    values.iter_mut().zip(newest).for_each(|(value, t)| *value = seconds(*t));
                }
            }
            *bits = u64::MAX >> (64 - steps);
            next = newest + (steps - 1) * stride + 1;
            emitted += steps;
            continue;
        }
        for (j, value) in values.iter_mut().enumerate() {
            let r = references.at(first + j);
            next = first_after(times, next, r);
            let Some(i) = next.checked_sub(1) else { continue };
            if times[i] > r.saturating_sub(lookback_ms) && !is_stale(floats[i]) {
                *value = if of == Of::Value { floats[i] } else { seconds(times[i]) };
                *bits |= 1 << j;
                emitted += 1;
            }
        }
    }
    emitted
}

/// Whether there is a NaN, and so perhaps a marker, among every `stride`th float.
fn any_nan(floats: &[f64], from: usize, stride: usize, n: usize) -> bool {
    let nans: u64 = if stride == 1 {
        floats[from..from + n].iter().map(|v| u64::from(v.is_nan())).sum()
    } else {
        floats[from..].iter().step_by(stride).take(n).map(|v| u64::from(v.is_nan())).sum()
    };
    nans > 0
}

/// How many samples further the newest one is at each step, some at least, if that is the same for all: then sample
/// `newest + j·stride` is the newest at `r + j·step`, and within the lookback, for `j` below `steps`.
fn reached(times: &[i64], newest: usize, steps: usize, r: i64, step: i64, lookback_ms: i64) -> Option<usize> {
    // Fewer are as quick one by one.
    if steps < 4 || times[newest] <= r.saturating_sub(lookback_ms) {
        return None;
    }
    let stride = stride(times, newest + 1, r, step, steps).filter(|&stride| stride > 0)?;
    // A step that brings a sample leaves it no older than a step.
    (step <= lookback_ms || all_after(times, newest, stride, r - lookback_ms, step, steps)).then_some(stride)
}

/// Whether each `stride`th of `n` times is behind an edge that moves a step each time. Times are so near 0 that
/// differences do not overflow.
fn all_after(times: &[i64], from: usize, stride: usize, edge: i64, step: i64, n: usize) -> bool {
    let (mut signs, mut edge) = (0, edge);
    for time in times[from..].iter().step_by(stride).take(n) {
        signs |= time - edge - 1;
        edge += step;
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
            fill_floats(Of::Value, samples, references, lookback_ms, stop, row.floats())
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
        Emit::Timestamp => fill_floats(Of::Time, samples, references, lookback_ms, stop, row.floats()),
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
        run_emitting(Emit::Value, times, values, references, lookback)
    }

    fn run_emitting(
        what: Emit,
        times: &[i64],
        values: &[f64],
        references: References,
        lookback: i64,
    ) -> Vec<Option<f64>> {
        let mut batch = Batch::empty(1, references.len);
        let samples = Samples::floats(times, values);
        let points = fill(&samples, references, lookback, what, Stop::default(), &mut batch.row_mut(0));
        assert_eq!(points, batch.valid().count_all());
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
        let jitter: Vec<i64> = beat(0, 10).iter().enumerate().map(|(i, t)| t + (i as i64 * 7) % 5).collect();
        for times in [beat(0, 10), beat(3, 10), beat(0, 7), beat(0, 40), gap, jitter, far] {
            for (stale, nan) in [(usize::MAX, STALE_NAN), (0, STALE_NAN), (70, STALE_NAN), (200, f64::NAN)] {
                let mut values: Vec<f64> = (0..times.len()).map(|i| i as f64).collect();
                if let Some(value) = values.get_mut(stale) {
                    *value = nan;
                }
                for (start, step, len) in [
                    (0, 10, 256),
                    (-300, 10, 301),
                    (5, 10, 64),
                    (20, 0, 130),
                    (25, 20, 140),
                    (7, 50, 60),
                    (0, 100, 3),
                ] {
                    let references = References { first: times[0].saturating_add(start), step, len };
                    for lookback in [5, 10, 35, 300] {
                        let (mut expected, mut expected_times) = (vec![None; len], vec![None; len]);
                        newest(
                            &Samples::floats(&times, &values),
                            references,
                            lookback,
                            Stop::default(),
                            |k, i| {
                                expected[k] = Some(values[i]);
                                expected_times[k] = Some(times[i] as f64 / 1000.0);
                            },
                        );
                        let bits = |points: Vec<Option<f64>>| -> Vec<Option<u64>> {
                            points.into_iter().map(|v| v.map(f64::to_bits)).collect()
                        };
                        assert_eq!(bits(run(&times, &values, references, lookback)), bits(expected));
                        let emitted = run_emitting(Emit::Timestamp, &times, &values, references, lookback);
                        assert_eq!(emitted, expected_times);
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
