//! `count_over_time` and `present_over_time`: samples of any type.

use promqlite_model::RowMut;

use super::definition::of_range;
use super::window::FloatRow;
use crate::{Function, RangeCx, Windows};

/// `count_over_time`
pub(super) static COUNT: Function =
    of_range("count_over_time", "Number of samples in the range.", "count_over_time(up[1h])", count, count);

/// `present_over_time`
pub(super) static PRESENT: Function = of_range(
    "present_over_time",
    "1 for each series that has a sample in the range.",
    "present_over_time(up[1h])",
    present,
    present,
);

fn count(w: &Windows<'_>, row: &mut RowMut<'_>, _: &mut RangeCx<'_>) {
    per_window(w, row, |n| n as f64);
}

fn present(w: &Windows<'_>, row: &mut RowMut<'_>, _: &mut RangeCx<'_>) {
    per_window(w, row, |_| 1.0);
}

/// Two cursors give the number of samples in O(1) a step.
fn per_window(w: &Windows<'_>, row: &mut RowMut<'_>, f: impl Fn(usize) -> f64) {
    let mut out = FloatRow::new(row);
    w.for_each(|k, lo, hi| {
        if lo < hi {
            out.set(k, f(hi - lo));
        }
    });
}
