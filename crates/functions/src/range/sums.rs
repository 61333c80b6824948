//! `sum_over_time` and `avg_over_time`.

use promqlite_model::histogram::{Combined, HistogramAvg, HistogramSum, MixedSchemas};
use promqlite_model::{Annotation, RowMut, Samples};

use super::definition::of_range;
use super::mixed::floats_or_histograms;
use super::sliding_sum::SlidingSum;
use super::window::{fill_by_samples, long_and_overlapping};
use crate::numeric::{CompensatedSum, Mean};
use crate::{Function, RangeCx, Windows};

/// `sum_over_time`
pub(super) static SUM: Function = of_range(
    "sum_over_time",
    "Sum of all values in the range.",
    "sum_over_time(queue_length[10m])",
    |w, row, _| floats(w, row, |total, _| total.value(), sum),
    |w, row, cx| floats_or_histograms(w, row, cx, |values| Some(sum(values)), sum_histograms),
);

/// `avg_over_time`
pub(super) static AVG: Function = of_range(
    "avg_over_time",
    "Average of all values in the range.",
    "avg_over_time(queue_length[10m])",
    |w, row, _| floats(w, row, |total, n| total.sum / n + total.compensation / n, Mean::of),
    |w, row, cx| floats_or_histograms(w, row, cx, |values| Some(Mean::of(values)), avg_histograms),
);

/// Below this many samples a pass over each window is as quick.
const LONG_WINDOW: usize = 16;

/// `of_sum` makes the result from a window's sum and number of samples where windows overlap; `fresh` is the
/// definition. Both agree to about 1e-13.
fn floats(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    of_sum: impl Fn(CompensatedSum, f64) -> f64,
    fresh: impl Fn(&[f64]) -> f64,
) {
    let values = w.samples.values;
    if !long_and_overlapping(w, LONG_WINDOW) {
        return fill_by_samples(w, row, |lo, hi| Some(fresh(&values[lo..hi])));
    }
    let mut sliding = SlidingSum::new(values);
    fill_by_samples(w, row, |lo, hi| {
        let total = sliding.sum(lo, hi);
        Some(total.map_or_else(|| fresh(&values[lo..hi]), |total| of_sum(total, (hi - lo) as f64)))
    });
}

fn sum(values: &[f64]) -> f64 {
    let mut total = CompensatedSum::default();
    values.iter().for_each(|&v| total.add(v));
    if total.sum.is_infinite() { total.sum } else { total.value() }
}

fn sum_histograms(k: usize, window: &Samples<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let mut views = (0..window.len()).filter_map(|i| window.histogram(i));
    let Some(first) = views.next() else { return };
    let mut total = HistogramSum::new(first);
    let mut seen = Combined::default();
    let compatible = views.try_for_each(|view| total.add(view).map(|more| seen |= more));
    remark(compatible, seen, total.hints_conflict(), cx);
    if compatible.is_ok() {
        row.set_histogram(k, &total.finish());
    }
}

fn avg_histograms(k: usize, window: &Samples<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let mut views = (0..window.len()).filter_map(|i| window.histogram(i));
    let Some(first) = views.next() else { return };
    let mut mean = HistogramAvg::new(first);
    let mut seen = Combined::default();
    let compatible = views.try_for_each(|view| mean.add(view).map(|more| seen |= more));
    remark(compatible, seen, mean.hints_conflict(), cx);
    if compatible.is_ok() {
        row.set_histogram(k, &mean.finish());
    }
}

/// What was seen before incompatible schemas met is remarked, too.
fn remark(compatible: Result<(), MixedSchemas>, seen: Combined, hints_conflict: bool, cx: &mut RangeCx<'_>) {
    if compatible.is_err() {
        cx.note(Annotation::MixedExponentialCustom { metric: cx.metric.to_owned() });
    }
    if seen.bounds_reconciled {
        cx.note(Annotation::ReconciledCustomBuckets("aggregation"));
    }
    if hints_conflict {
        cx.note(Annotation::HistogramResetCollision("aggregation"));
    }
}
