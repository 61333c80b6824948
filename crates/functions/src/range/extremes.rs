//! The smallest and the largest float of a window, and when the last of them was.

use std::collections::VecDeque;

use promqlite_model::RowMut;

use super::definition::{experimental, of_range};
use super::mixed::leaving_histograms_out;
use super::window::{FloatRow, fill_by_samples, long_and_overlapping};
use crate::numeric::{max_step, min_step};
use crate::{Function, RangeCx, Windows};

/// `min_over_time`
pub(super) static MIN: Function = of_range(
    "min_over_time",
    "The smallest value in the range.",
    "min_over_time(queue_length[10m])",
    |w, row, _| extreme(w, row, min_step, |a, b| a <= b),
    |w, row, cx| mixed(w, row, cx, |values| fold(values, min_step)),
);

/// `max_over_time`
pub(super) static MAX: Function = of_range(
    "max_over_time",
    "The largest value in the range.",
    "max_over_time(queue_length[10m])",
    |w, row, _| extreme(w, row, max_step, |a, b| a >= b),
    |w, row, cx| mixed(w, row, cx, |values| fold(values, max_step)),
);

/// `ts_of_min_over_time`
pub(super) static TS_OF_MIN: Function = experimental(of_range(
    "ts_of_min_over_time",
    "Unix time of the last sample with the smallest value in the range, in seconds.",
    "ts_of_min_over_time(queue_length[10m])",
    |w, row, _| times(w, row, |v, best| v <= best),
    |w, row, cx| mixed_times(w, row, cx, |v, best| v <= best),
));

/// `ts_of_max_over_time`
pub(super) static TS_OF_MAX: Function = experimental(of_range(
    "ts_of_max_over_time",
    "Unix time of the last sample with the largest value in the range, in seconds.",
    "ts_of_max_over_time(queue_length[10m])",
    |w, row, _| times(w, row, |v, best| v >= best),
    |w, row, cx| mixed_times(w, row, cx, |v, best| v >= best),
));

/// From here on a queue of candidates beats looking at every sample of every window.
const LONG_WINDOW: usize = 32;

fn extreme(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    step: impl Fn(f64, f64) -> f64,
    beats: impl Fn(f64, f64) -> bool,
) {
    if long_and_overlapping(w, LONG_WINDOW) {
        let values = w.samples.values;
        // An equal value stays in front of a later one: of 0 and −0 the first counts.
        sliding(w, row, |v, best| beats(v, best) && v != best, |_, i| i.map_or(f64::NAN, |i| values[i]));
    } else {
        fill_by_samples(w, row, |lo, hi| Some(fold(&w.samples.values[lo..hi], &step)));
    }
}

fn fold(values: &[f64], step: impl Fn(f64, f64) -> f64) -> f64 {
    values[1..].iter().fold(values[0], |best, &v| step(best, v))
}

/// The classic monotonic queue: an earlier value that a later one beats can never be the extreme again, so each
/// sample enters and leaves once. NaN never enters; `result` gets the end of the window and the index of the
/// extreme, or nothing if the window is NaN alone.
fn sliding(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    beats: impl Fn(f64, f64) -> bool,
    result: impl Fn(usize, Option<usize>) -> f64,
) {
    let values = w.samples.values;
    let mut out = FloatRow::new(row);
    let mut queue: VecDeque<usize> = VecDeque::new();
    let mut next = 0;
    w.for_each(|k, lo, hi| {
        next = next.max(lo);
        while next < hi {
            if !values[next].is_nan() {
                while queue.back().is_some_and(|&i| beats(values[next], values[i])) {
                    queue.pop_back();
                }
                queue.push_back(next);
            }
            next += 1;
        }
        while queue.front().is_some_and(|&i| i < lo) {
            queue.pop_front();
        }
        if lo < hi {
            out.set(k, result(hi, queue.front().copied()));
        }
    });
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>, f: impl Fn(&[f64]) -> f64) {
    leaving_histograms_out(w, row, cx, 0, |_, _, values| Some(f(values)));
}

fn last_best(times: &[i64], values: &[f64], replaces: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best = 0;
    for i in 1..values.len() {
        if replaces(values[i], values[best]) || values[best].is_nan() {
            best = i;
        }
    }
    times[best] as f64 / 1000.0
}

fn times(w: &Windows<'_>, row: &mut RowMut<'_>, replaces: impl Fn(f64, f64) -> bool) {
    let (times, values) = (w.samples.times, w.samples.values);
    if long_and_overlapping(w, LONG_WINDOW) {
        // Among NaN alone the newest counts.
        sliding(w, row, replaces, |hi, i| times[i.unwrap_or(hi - 1)] as f64 / 1000.0);
    } else {
        fill_by_samples(w, row, |lo, hi| Some(last_best(&times[lo..hi], &values[lo..hi], &replaces)));
    }
}

fn mixed_times(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    cx: &mut RangeCx<'_>,
    replaces: impl Fn(f64, f64) -> bool,
) {
    leaving_histograms_out(w, row, cx, 0, |_, times, values| Some(last_best(times, values, &replaces)));
}
