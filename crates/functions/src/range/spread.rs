//! How floats of a window are spread: deviation, variance, quantiles, median absolute deviation.

use promqlite_model::{Annotation, RowMut};

use super::definition::{NUMBER_RANGE, experimental, of_range, taking};
use super::lanes::{Pass, fill_in_lanes};
use super::mixed::leaving_histograms_out;
use super::sliding_variance::SlidingVariance;
use super::sorted_window::SortedWindow;
use super::window::{fill_by_samples, fill_by_step, long_and_overlapping};
use crate::numeric::{CompensatedVariance, compensated_variance, quantile};
use crate::{Function, RangeCx, Windows};

/// `stddev_over_time`
pub(super) static STDDEV: Function = of_range(
    "stddev_over_time",
    "Population standard deviation of the values in the range.",
    "stddev_over_time(queue_length[10m])",
    |w, row, _| variances(w, row, f64::sqrt),
    |w, row, cx| mixed(w, row, cx, |values| compensated_variance(values).sqrt()),
);

/// `stdvar_over_time`
pub(super) static STDVAR: Function = of_range(
    "stdvar_over_time",
    "Population variance of the values in the range.",
    "stdvar_over_time(queue_length[10m])",
    |w, row, _| variances(w, row, |variance| variance),
    |w, row, cx| mixed(w, row, cx, compensated_variance),
);

/// `mad_over_time`
pub(super) static MAD: Function = experimental(of_range(
    "mad_over_time",
    "Median absolute deviation of the values in the range.",
    "mad_over_time(queue_length[10m])",
    |w, row, _| mad_floats(w, row),
    |w, row, cx| mixed(w, row, cx, median_absolute_deviation),
));

/// `quantile_over_time`
pub(super) static QUANTILE: Function = taking(
    NUMBER_RANGE,
    of_range(
        "quantile_over_time",
        "The quantile, from 0 to 1, of the values in the range.",
        "quantile_over_time(0.9, queue_length[10m])",
        quantile_floats,
        quantile_mixed,
    ),
);

/// Windows that overlap slide, unless the values are such that roundings would show; else a pass over each window.
fn variances(w: &Windows<'_>, row: &mut RowMut<'_>, of_variance: fn(f64) -> f64) {
    if long_and_overlapping(w, LONG_WINDOW) {
        let mut sliding = SlidingVariance::new(w.samples.values);
        let mut refused = false;
        fill_by_samples(w, row, |lo, hi| {
            let variance = if refused { None } else { sliding.variance(lo, hi) };
            refused |= variance.is_none();
            variance.map(of_variance)
        });
        if !refused {
            return;
        }
    }
    let pass = Pass {
        start: CompensatedVariance::default,
        add: |state: &mut CompensatedVariance, i| state.add(w.samples.values[i]),
        finish: |state: CompensatedVariance| of_variance(state.variance()),
    };
    fill_in_lanes(w, row, &pass);
}

fn plain(w: &Windows<'_>, row: &mut RowMut<'_>, f: fn(&[f64]) -> f64) {
    fill_by_samples(w, row, |lo, hi| Some(f(&w.samples.values[lo..hi])));
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>, f: fn(&[f64]) -> f64) {
    leaving_histograms_out(w, row, cx, 0, |_, _, values| Some(f(values)));
}

fn median_absolute_deviation(values: &[f64]) -> f64 {
    if values.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    let mut scratch = values.to_vec();
    let median = quantile(0.5, &mut scratch);
    scratch.iter_mut().for_each(|v| *v = (*v - median).abs());
    quantile(0.5, &mut scratch)
}

/// From here on sliding, or keeping windows sorted, beats a pass over each.
const LONG_WINDOW: usize = 16;

fn mad_floats(w: &Windows<'_>, row: &mut RowMut<'_>) {
    if !long_and_overlapping(w, LONG_WINDOW) {
        return plain(w, row, median_absolute_deviation);
    }
    let mut sorted = SortedWindow::new(w.samples.values);
    fill_by_samples(w, row, |lo, hi| {
        sorted.move_to(lo, hi);
        let deviation = sorted.median_absolute_deviation();
        Some(deviation.unwrap_or_else(|| median_absolute_deviation(&w.samples.values[lo..hi])))
    });
}

fn quantile_floats(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let q = cx.args[0];
    let mut invalid = InvalidQuantiles::default();
    let mut sorted = SortedWindow::new(w.samples.values);
    let mut scratch = Vec::new();
    let keep_sorted = long_and_overlapping(w, LONG_WINDOW);
    fill_by_step(w, row, |k, lo, hi| {
        invalid.see(q[k]);
        if keep_sorted {
            sorted.move_to(lo, hi);
            return Some(sorted.quantile(q[k]));
        }
        scratch.clear();
        scratch.extend_from_slice(&w.samples.values[lo..hi]);
        Some(quantile(q[k], &mut scratch))
    });
    invalid.report(cx);
}

fn quantile_mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let q = cx.args[0];
    let mut scratch = Vec::new();
    let mut invalid = InvalidQuantiles::default();
    // Both remarks point at the quantile, as in the reference.
    leaving_histograms_out(w, row, cx, 0, |k, _, values| {
        invalid.see(q[k]);
        scratch.clear();
        scratch.extend_from_slice(values);
        Some(quantile(q[k], &mut scratch))
    });
    invalid.report(cx);
}

/// Quantiles outside [0, 1] that were used, each once.
#[derive(Default)]
struct InvalidQuantiles(Vec<f64>);

impl InvalidQuantiles {
    fn see(&mut self, q: f64) {
        if !(0.0..=1.0).contains(&q) && !self.0.iter().any(|known| known.to_bits() == q.to_bits()) {
            self.0.push(q);
        }
    }

    fn report(self, cx: &mut RangeCx<'_>) {
        for q in self.0 {
            cx.note_at(0, Annotation::InvalidQuantile(q));
        }
    }
}
