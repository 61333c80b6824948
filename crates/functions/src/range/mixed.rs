//! Windows that may hold histograms: who takes part, and what is remarked.

use promqlite_model::{Annotation, RowMut, Samples};

use crate::{RangeCx, Windows};

/// Functions of floats: histograms are left out, with a remark where a window also holds floats. `f` sees the
/// step, and times and values of at least one float.
pub(super) fn leaving_histograms_out(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    cx: &mut RangeCx<'_>,
    remark_at: usize,
    mut f: impl FnMut(usize, &[i64], &[f64]) -> Option<f64>,
) {
    let (mut times, mut values) = (Vec::new(), Vec::new());
    let mut left_out = false;
    w.for_each(|k, lo, hi| {
        times.clear();
        values.clear();
        for i in (lo..hi).filter(|&i| w.samples.histogram(i).is_none()) {
            times.push(w.samples.times[i]);
            values.push(w.samples.values[i]);
        }
        if values.is_empty() {
            return;
        }
        left_out |= values.len() < hi - lo;
        if let Some(value) = f(k, &times, &values) {
            row.set(k, value);
        }
    });
    if left_out {
        cx.note_at(remark_at, Annotation::IgnoredHistogramsInRange { metric: cx.metric.to_owned() });
    }
}

/// Functions of either type: a window of both is remarked and yields nothing.
pub(super) fn floats_or_histograms(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    cx: &mut RangeCx<'_>,
    mut floats: impl FnMut(&[f64]) -> Option<f64>,
    mut histograms: impl FnMut(usize, &Samples<'_>, &mut RowMut<'_>, &mut RangeCx<'_>),
) {
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        let window = w.samples.slice(lo..hi);
        let n = (0..window.len()).filter(|&i| window.histogram(i).is_some()).count();
        if n == window.len() {
            histograms(k, &window, row, cx);
        } else if n > 0 {
            cx.note(Annotation::MixedFloatsHistograms { metric: cx.metric.to_owned() });
        } else if let Some(value) = floats(window.values) {
            row.set(k, value);
        }
    });
}
