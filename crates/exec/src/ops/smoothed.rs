//! `smoothed` instant selectors: values interpolated at the step between the samples around it.

use promqlite_functions::Stop;
use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramView, MixedSchemas};
use promqlite_model::{RowMut, SampleBuf, Samples, any_stale, first_after};

use crate::ops::lookback::References;
use crate::ops::select::without_stale;

/// What filling a row came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filled {
    /// Points emitted.
    pub points: usize,
    /// Whether some window held floats and histograms, and so yields nothing.
    pub mixed: bool,
    /// Whether a point would lie between exponential and custom buckets, and so is missing.
    pub schemas_mixed: bool,
}

/// Fills a row from the windows `(r − lookback, r + lookback]`: the sample at `r`, else a point on the line
/// between the neighbours, else the earlier neighbour.
pub(crate) fn interpolate(
    samples: &Samples<'_>,
    references: References,
    lookback_ms: i64,
    stop: Stop<'_>,
    row: &mut RowMut<'_>,
) -> Filled {
    let mut clean = SampleBuf::default();
    let samples = if any_stale(samples.values) { without_stale(samples, &mut clean) } else { *samples };
    let times = samples.times;
    let mut filled = Filled::default();
    let (mut lo, mut next, mut hi) = (0, 0, 0);
    for k in 0..references.len {
        if k % 1024 == 1023 && stop.now() {
            break;
        }
        let r = references.at(k);
        // References never move left, so neither do the cursors.
        lo = first_after(times, lo, r.saturating_sub(lookback_ms));
        next = first_after(times, next, r);
        hi = first_after(times, hi, r.saturating_add(lookback_ms));
        if next == lo {
            continue;
        }
        if samples.histograms.is_some() && is_mixed(&samples.slice(lo..hi)) {
            filled.mixed = true;
            continue;
        }
        let before = next - 1;
        let between = times[before] != r && next < hi;
        match samples.histogram(before) {
            None if between => row.set(k, on_line(&samples, before, r)),
            None => row.set(k, samples.values[before]),
            Some(histogram) if between => {
                let later = samples.histogram(next).expect("invariant: the window is not mixed");
                let Ok(point) = histogram_between(histogram, later, fraction(times, before, r)) else {
                    filled.schemas_mixed = true;
                    continue;
                };
                row.set_histogram(k, &point);
            }
            Some(histogram) => row.set_histogram_view(k, histogram),
        }
        filled.points += 1;
    }
    filled
}

/// Whether a window holds floats and histograms.
fn is_mixed(window: &Samples<'_>) -> bool {
    let histograms = (0..window.len()).filter(|&i| window.histogram(i).is_some()).count();
    histograms != 0 && histograms != window.len()
}

fn fraction(times: &[i64], before: usize, at: i64) -> f64 {
    (at - times[before]) as f64 / (times[before + 1] - times[before]) as f64
}

/// The histogram a part of the way between two: counters that were reset rise from nothing.
fn histogram_between(
    before: HistogramView<'_>,
    after: HistogramView<'_>,
    fraction: f64,
) -> Result<FloatHistogram, MixedSchemas> {
    if before.schema().is_custom() != after.schema().is_custom() {
        return Err(MixedSchemas);
    }
    let gauge = |h: HistogramView<'_>| h.hint() == CounterResetHint::Gauge;
    if !(gauge(before) && gauge(after)) && after.is_reset_after(before) {
        return Ok(after.times(fraction));
    }
    let (mut part, _) = after.minus(before)?;
    part.mul(fraction);
    let (mut point, _) = before.plus(part.view())?;
    point.compact(0);
    Ok(point)
}

/// The value at `at` on the line from sample `before` to the next one.
pub(crate) fn on_line(samples: &Samples<'_>, before: usize, at: i64) -> f64 {
    let (y1, y2) = (samples.values[before], samples.values[before + 1]);
    let (t1, t2) = (samples.times[before], samples.times[before + 1]);
    y1 + (y2 - y1) * (at - t1) as f64 / (t2 - t1) as f64
}
