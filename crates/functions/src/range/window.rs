//! What all window kernels share: walking the windows, writing the row, judging how far windows overlap.

use promqlite_model::RowMut;

use crate::Windows;

/// The floats of a row that is being filled. Cheaper than [`RowMut::set`], since there are no histograms to mind.
pub(super) struct FloatRow<'r> {
    values: &'r mut [f64],
    valid: &'r mut [u64],
}

impl<'r> FloatRow<'r> {
    pub(super) fn new(row: &'r mut RowMut<'_>) -> Self {
        let (values, valid) = row.floats();
        Self { values, valid }
    }

    #[inline]
    pub(super) fn set(&mut self, step: usize, value: f64) {
        self.values[step] = value;
        self.valid[step / 64] |= 1 << (step % 64);
    }

    /// The floats of a block of steps, which are all set. The block begins at a multiple of 64.
    #[inline]
    pub(super) fn block(&mut self, first: usize, len: usize) -> &mut [f64] {
        debug_assert!(first.is_multiple_of(64) && (1..=64).contains(&len));
        self.valid[first / 64] = u64::MAX >> (64 - len);
        &mut self.values[first..first + len]
    }
}

/// Whether neighbouring windows share time, so that sliding may pay.
pub(super) fn overlapping(w: &Windows<'_>) -> bool {
    w.len() > 1 && w.end_step > 0 && w.end_step < w.range.0
}

/// Whether windows leave no samples between them.
pub(super) fn contiguous(w: &Windows<'_>) -> bool {
    w.len() > 1 && w.end_step > 0 && w.end_step <= w.range.0
}

/// Whether windows hold at least `samples` samples on average and each shares at least three quarters of its
/// time with the next.
pub(super) fn long_and_overlapping(w: &Windows<'_>, samples: usize) -> bool {
    if !overlapping(w) || w.end_step.saturating_mul(4) > w.range.0 {
        return false;
    }
    let (Some(&first), Some(&last)) = (w.samples.times.first(), w.samples.times.last()) else { return false };
    let covered = (last as f64 - first as f64).max(1.0);
    w.samples.len() as f64 * (w.range.0 as f64).min(covered) >= samples as f64 * covered
}

/// Fills a row where a result depends on the samples in the window alone: windows with the same samples are
/// computed once. `f(lo, hi)` sees only windows that hold samples.
#[inline]
pub(super) fn fill_by_samples(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    mut f: impl FnMut(usize, usize) -> Option<f64>,
) {
    let mut out = FloatRow::new(row);
    let (mut known, mut value) = ((0, 0), None);
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        if known != (lo, hi) {
            (known, value) = ((lo, hi), f(lo, hi));
        }
        if let Some(value) = value {
            out.set(k, value);
        }
    });
}

/// Fills a row where a result depends on the samples and the edges of the window: only pinned windows are
/// computed once. `f(k, lo, hi)` sees only windows that hold samples.
#[inline]
pub(super) fn fill_by_edges(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    mut f: impl FnMut(usize, usize, usize) -> Option<f64>,
) {
    let pinned = w.end_step == 0;
    let mut out = FloatRow::new(row);
    let mut first = None;
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        let value = if pinned && k > 0 { first } else { f(k, lo, hi) };
        first = value;
        if let Some(value) = value {
            out.set(k, value);
        }
    });
}

/// Fills a row where a result also depends on the step, by its time or by an argument. `f(k, lo, hi)` sees only
/// windows that hold samples.
#[inline]
pub(super) fn fill_by_step(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    mut f: impl FnMut(usize, usize, usize) -> Option<f64>,
) {
    let mut out = FloatRow::new(row);
    w.for_each(|k, lo, hi| {
        if lo < hi
            && let Some(value) = f(k, lo, hi)
        {
            out.set(k, value);
        }
    });
}

/// A length of time in seconds, rounded as Go's `Duration.Seconds` rounds.
pub(super) fn go_seconds(ms: i64) -> f64 {
    (ms / 1000) as f64 + ((ms % 1000) * 1_000_000) as f64 / 1e9
}
