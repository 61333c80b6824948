//! `deriv` and `predict_linear`: a line through the floats of a window.
//!
//! Windows that overlap slide where roundings do not show; else each line is computed afresh. Several windows side by
//! side would gain nothing: the four sums of one line keep the processor busy.

use promqlite_model::RowMut;

use super::definition::{RANGE_NUMBER, of_range, taking};
use super::mixed::leaving_histograms_out;
use super::sliding_line::{SlidingLine, TRUSTED};
use super::window::{fill_by_samples, fill_by_step, long_and_overlapping};
use crate::numeric::linear_regression;
use crate::{Function, RangeCx, Windows};

/// `deriv`
pub(super) static DERIV: Function = of_range(
    "deriv",
    "Per-second slope of a gauge over the range, by linear regression.",
    "deriv(room_temperature_celsius[10m])",
    deriv,
    deriv_mixed,
);

/// `predict_linear`
pub(super) static PREDICT_LINEAR: Function = taking(
    RANGE_NUMBER,
    of_range(
        "predict_linear",
        "The value of a gauge that many seconds from now, by linear regression over the range.",
        "predict_linear(process_resident_memory_bytes[30m], 3600)",
        predict,
        predict_mixed,
    ),
);

fn slope(times: &[i64], values: &[f64]) -> Option<f64> {
    (values.len() >= 2).then(|| linear_regression(times, values, times[0]).slope)
}

/// From here on sliding beats a pass over each window.
const LONG_WINDOW: usize = 16;

fn sliding<'a>(w: &Windows<'a>) -> Option<SlidingLine<'a>> {
    long_and_overlapping(w, LONG_WINDOW)
        .then(|| SlidingLine::new(w.samples.times, w.samples.values))
        .flatten()
}

fn deriv(w: &Windows<'_>, row: &mut RowMut<'_>, _: &mut RangeCx<'_>) {
    let (times, values) = (w.samples.times, w.samples.values);
    let mut sliding = sliding(w);
    fill_by_samples(w, row, |lo, hi| {
        if hi - lo < 2 {
            return None;
        }
        let estimate = sliding.as_mut().and_then(|sliding| sliding.estimate(lo, hi, times[lo]));
        match estimate {
            Some(e) if e.slope_error <= TRUSTED * e.line.slope.abs() => Some(e.line.slope),
            _ => slope(&times[lo..hi], &values[lo..hi]),
        }
    });
}

fn deriv_mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    leaving_histograms_out(w, row, cx, 0, |_, times, values| slope(times, values));
}

/// The origin is the step's own time, whatever the window's end is.
fn value_after(w: &Windows<'_>, k: usize, times: &[i64], values: &[f64], seconds: f64) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let line = linear_regression(times, values, w.grid.time(k).0);
    Some(line.slope * seconds + line.intercept)
}

fn predict(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let seconds = cx.args[0];
    let mut sliding = sliding(w);
    fill_by_step(w, row, |k, lo, hi| {
        let estimate = match &mut sliding {
            Some(sliding) if hi - lo >= 2 => sliding.estimate(lo, hi, w.grid.time(k).0),
            _ => None,
        };
        if let Some(e) = estimate {
            let value = e.line.slope * seconds[k] + e.line.intercept;
            let rise = (seconds[k].abs() + e.mean_time.abs()) * e.slope_error;
            let rounding = (e.line.slope * seconds[k]).abs() + e.mean_value.abs();
            if rise + 8.0 * f64::EPSILON * rounding <= TRUSTED * value.abs() {
                return Some(value);
            }
        }
        value_after(w, k, &w.samples.times[lo..hi], &w.samples.values[lo..hi], seconds[k])
    });
}

fn predict_mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let seconds = cx.args[0];
    leaving_histograms_out(w, row, cx, 0, |k, times, values| value_after(w, k, times, values, seconds[k]));
}
