//! `rate`, `increase` and `delta` of floats.

use promqlite_model::{Annotation, RowMut};

use super::Kind;
use super::extrapolate::Span;
use crate::range::start_time;
use crate::range::window::{fill_by_edges, go_seconds, overlapping};
use crate::{RangeCx, Windows};

/// The kernel for windows of floats.
pub(in crate::range) fn floats(kind: Kind, w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    if !kind.is_counter() {
        fill(kind, w, row, |values, lo, hi| values[hi - 1] - values[lo]);
    } else if cx.use_start_times && !w.samples.start_times.is_empty() {
        with_start_times(kind, w, row, cx);
    } else if overlapping(w) {
        let mut resets = Resets::find(w.samples.values);
        fill(kind, w, row, |values, lo, hi| resets.increase(values, lo, hi));
    } else {
        fill(kind, w, row, increase);
    }
}

fn fill(
    kind: Kind,
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    mut change: impl FnMut(&[f64], usize, usize) -> f64,
) {
    let (times, values) = (w.samples.times, w.samples.values);
    let range = go_seconds(w.range.0);
    fill_by_edges(w, row, |k, lo, hi| {
        if hi - lo < 2 {
            return None;
        }
        let change = change(values, lo, hi);
        let span = Span {
            begin: w.begin(k),
            end: w.end(k),
            first: times[lo],
            last: times[hi - 1],
            gaps: hi - lo - 1,
            zero: None,
        };
        let factor = span.factor(kind.is_counter().then_some((values[lo], change)));
        Some(change * kind.per_second(factor, range))
    });
}

/// The increase over `values[lo..hi]`, at least one, in one pass.
pub(super) fn increase(values: &[f64], lo: usize, hi: usize) -> f64 {
    let mut change = values[hi - 1] - values[lo];
    for pair in values[lo..hi].windows(2) {
        if pair[1] < pair[0] {
            change += pair[0];
        }
    }
    change
}

/// The few places where a counter dropped. Resets in a window are added in order, as one pass over the window
/// would add them, so results are the same to the last bit; running totals would lose small values beside big ones.
struct Resets {
    /// Indices of the samples that are lower than the one before.
    at: Vec<usize>,
    /// The first reset behind the window's first sample.
    from: usize,
    /// The first reset behind the window.
    to: usize,
}

impl Resets {
    fn find(values: &[f64]) -> Self {
        let pairs = values.windows(2).enumerate();
        let at = pairs.filter(|(_, pair)| pair[1] < pair[0]).map(|(i, _)| i + 1).collect();
        Self { at, from: 0, to: 0 }
    }

    /// The increase over a window; windows only move right.
    #[inline]
    fn increase(&mut self, values: &[f64], lo: usize, hi: usize) -> f64 {
        while self.from < self.at.len() && self.at[self.from] <= lo {
            self.from += 1;
        }
        self.to = self.to.max(self.from);
        while self.to < self.at.len() && self.at[self.to] < hi {
            self.to += 1;
        }
        let mut change = values[hi - 1] - values[lo];
        for &i in &self.at[self.from..self.to] {
            change += values[i - 1];
        }
        change
    }
}

/// Start timestamps are rare enough for a plain pass over each window.
fn with_start_times(kind: Kind, w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let samples = &w.samples;
    let (times, values) = (samples.times, samples.values);
    let range = go_seconds(w.range.0);
    let mut overlaps = 0;
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        let begin = w.begin(k);
        let zero = start_time::known_zero(samples, lo, begin);
        if hi - lo < 2 && zero.is_none() {
            return;
        }
        overlaps += u64::from((lo + 1..hi).any(|i| start_time::overlaps(samples, i)));
        let mut change = values[hi - 1] - values[lo];
        for i in lo + 1..hi {
            if values[i] < values[i - 1] || start_time::restarted(samples, i) {
                change += values[i - 1];
            }
        }
        if zero.is_some() {
            change += values[lo];
        }
        let span =
            Span { begin, end: w.end(k), first: times[lo], last: times[hi - 1], gaps: hi - lo - 1, zero };
        let factor = span.factor(Some((values[lo], change)));
        row.set(k, change * kind.per_second(factor, range));
    });
    remark_overlaps(cx, overlaps);
}

/// Remarks that `windows` windows hold a start timestamp before the previous sample.
pub(super) fn remark_overlaps(cx: &mut RangeCx<'_>, windows: u64) {
    if windows > 0 {
        let metric = cx.metric.to_owned();
        cx.note(Annotation::OverlappingStartTime { metric, occurrences: windows });
    }
}
