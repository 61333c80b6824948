//! `double_exponential_smoothing`

use promqlite_model::RowMut;

use super::definition::{RANGE_TWO_NUMBERS, experimental, of_range, taking};
use super::mixed::leaving_histograms_out;
use super::window::fill_by_step;
use crate::{Function, RangeCx, Windows};

/// `double_exponential_smoothing`
pub(super) static DOUBLE_EXPONENTIAL_SMOOTHING: Function = taking(
    RANGE_TWO_NUMBERS,
    experimental(of_range(
        "double_exponential_smoothing",
        "Smoothed value of a gauge; the smoothing factor and the trend factor lie between 0 and 1.",
        "double_exponential_smoothing(room_temperature_celsius[10m], 0.5, 0.5)",
        floats,
        mixed,
    )),
);

/// Whether all factors are in range; the first that is not fails the query. A step whose window holds no sample
/// uses no factors.
fn check(w: &Windows<'_>, cx: &mut RangeCx<'_>) -> bool {
    let mut complaint = None;
    w.for_each(|k, lo, hi| {
        if lo < hi && complaint.is_none() {
            complaint = complaint_about(cx.args[0][k], cx.args[1][k]);
        }
    });
    let fine = complaint.is_none();
    complaint.into_iter().for_each(|text| cx.fail(text));
    fine
}

fn complaint_about(sf: f64, tf: f64) -> Option<String> {
    let inside = |factor: f64| factor > 0.0 && factor < 1.0;
    if !inside(sf) {
        Some(format!("invalid smoothing factor. Expected: 0 < sf < 1, got: {}", six_decimals(sf)))
    } else if !inside(tf) {
        Some(format!("invalid trend factor. Expected: 0 < tf < 1, got: {}", six_decimals(tf)))
    } else {
        None
    }
}

/// Go's `%f`.
fn six_decimals(v: f64) -> String {
    if v.is_infinite() {
        return if v > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    format!("{v:.6}")
}

fn smooth(values: &[f64], sf: f64, tf: f64) -> Option<f64> {
    let [first, second, ..] = *values else { return None };
    let (mut before, mut level, mut trend) = (0.0, first, second - first);
    for (i, &v) in values.iter().enumerate().skip(1) {
        if i > 1 {
            trend = tf * (level - before) + (1.0 - tf) * trend;
        }
        (before, level) = (level, sf * v + (1.0 - sf) * (level + trend));
    }
    Some(level)
}

fn floats(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    if !check(w, cx) {
        return;
    }
    let (sf, tf) = (cx.args[0], cx.args[1]);
    fill_by_step(w, row, |k, lo, hi| smooth(&w.samples.values[lo..hi], sf[k], tf[k]));
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    if !check(w, cx) {
        return;
    }
    let (sf, tf) = (cx.args[0], cx.args[1]);
    leaving_histograms_out(w, row, cx, 0, |k, _, values| smooth(values, sf[k], tf[k]));
}
