//! `sum_over_time` and `avg_over_time`.

use promqlite_model::histogram::{Combined, FloatHistogram, HistogramAvg, HistogramSum, MixedSchemas};
use promqlite_model::{Annotation, RowMut, Samples};

use super::definition::of_range;
use super::mixed::floats_or_histograms;
use super::window::fill_by_samples;
use crate::numeric::{CompensatedSum, Mean};
use crate::{Function, RangeCx};

/// `sum_over_time`
pub(super) static SUM: Function = of_range(
    "sum_over_time",
    "Sum of all values in the range.",
    "sum_over_time(queue_length[10m])",
    |w, row, _| fill_by_samples(w, row, |lo, hi| Some(sum(&w.samples.values[lo..hi]))),
    |w, row, cx| floats_or_histograms(w, row, cx, |values| Some(sum(values)), sum_histograms),
);

/// `avg_over_time`
pub(super) static AVG: Function = of_range(
    "avg_over_time",
    "Average of all values in the range.",
    "avg_over_time(queue_length[10m])",
    |w, row, _| fill_by_samples(w, row, |lo, hi| Some(Mean::of(&w.samples.values[lo..hi]))),
    |w, row, cx| floats_or_histograms(w, row, cx, |values| Some(Mean::of(values)), avg_histograms),
);

fn sum(values: &[f64]) -> f64 {
    let mut total = CompensatedSum::default();
    values.iter().for_each(|&v| total.add(v));
    if total.sum.is_infinite() { total.sum } else { total.value() }
}

fn sum_histograms(k: usize, window: &Samples<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let mut views = (0..window.len()).filter_map(|i| window.histogram(i));
    let Some(first) = views.next() else { return };
    let mut total = HistogramSum::new(first);
    let combined = views.try_fold(Combined::default(), |mut seen, view| {
        seen |= total.add(view)?;
        Ok(seen)
    });
    finish(k, combined, total.hints_conflict(), total.finish(), row, cx);
}

fn avg_histograms(k: usize, window: &Samples<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let mut views = (0..window.len()).filter_map(|i| window.histogram(i));
    let Some(first) = views.next() else { return };
    let mut mean = HistogramAvg::new(first);
    let combined = views.try_fold(Combined::default(), |mut seen, view| {
        seen |= mean.add(view)?;
        Ok(seen)
    });
    finish(k, combined, mean.hints_conflict(), mean.finish(), row, cx);
}

fn finish(
    k: usize,
    combined: Result<Combined, MixedSchemas>,
    hints_conflict: bool,
    result: FloatHistogram,
    row: &mut RowMut<'_>,
    cx: &mut RangeCx<'_>,
) {
    match combined {
        Err(MixedSchemas) => cx.note(Annotation::MixedExponentialCustom { metric: cx.metric.to_owned() }),
        Ok(seen) => {
            if seen.bounds_reconciled {
                cx.note(Annotation::ReconciledCustomBuckets("aggregation"));
            }
            if hints_conflict {
                cx.note(Annotation::HistogramResetCollision("aggregation"));
            }
            row.set_histogram(k, &result);
        }
    }
}
