//! `rate`, `increase` and `delta` of floats.

use promqlite_model::{Annotation, RowMut};

use super::Kind;
use super::alike::Alike;
use super::extrapolate::Span;
use crate::range::start_time;
use crate::range::strides::{Strided, Visit, visit};
use crate::range::window::{FloatRow, contiguous, fill_by_edges, go_seconds};
use crate::{RangeCx, Windows};

/// The kernel for windows of floats.
pub(in crate::range) fn floats(kind: Kind, w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let starts = kind.is_counter() && cx.use_start_times && !w.samples.start_times.is_empty();
    if starts {
        with_start_times(kind, w, row, cx);
    } else if contiguous(w) {
        // All samples are in some window, and so worth a look for resets.
        let resets = Resets::of(kind, w.samples.values);
        let range = go_seconds(w.range.0);
        visit(w, &mut Sliding { kind, w, range, resets, out: FloatRow::new(row) });
    } else {
        let range = go_seconds(w.range.0);
        fill_by_edges(w, row, |k, lo, hi| {
            let change = if kind.is_counter() { increase } else { difference };
            (hi - lo >= 2)
                .then(|| extrapolated(kind, w, range, (k, lo, hi), change(w.samples.values, lo, hi)))
        });
    }
}

/// The function of one window of at least two samples, in which the value changed by `change`.
#[inline]
fn extrapolated(
    kind: Kind,
    w: &Windows<'_>,
    range: f64,
    (k, lo, hi): (usize, usize, usize),
    change: f64,
) -> f64 {
    let (times, values) = (w.samples.times, w.samples.values);
    let span = Span {
        begin: w.begin(k),
        end: w.end(k),
        first: times[lo],
        last: times[hi - 1],
        gaps: hi - lo - 1,
        zero: None,
    };
    let factor = span.factor(kind.is_counter().then_some((values[lo], change)));
    change * kind.per_second(factor, range)
}

fn difference(values: &[f64], lo: usize, hi: usize) -> f64 {
    values[hi - 1] - values[lo]
}

/// The increase over `values[lo..hi]`, at least one, in one pass.
pub(super) fn increase(values: &[f64], lo: usize, hi: usize) -> f64 {
    let mut change = difference(values, lo, hi);
    for_each_reset(&values[lo..hi], |i| change += values[lo + i - 1]);
    change
}

/// Calls `f` for each value that is lower than the one before. Most blocks of values have none, which a loop without
/// branches can tell.
#[inline]
fn for_each_reset(values: &[f64], mut f: impl FnMut(usize)) {
    for first in (1..values.len()).step_by(64) {
        let last = values.len().min(first + 64);
        let (before, now) = (&values[first - 1..last - 1], &values[first..last]);
        let drops: u64 = before.iter().zip(now).map(|(before, now)| u64::from(now < before)).sum();
        if drops > 0 {
            (first..last).filter(|&i| values[i] < values[i - 1]).for_each(&mut f);
        }
    }
}

/// Windows that overlap or touch.
struct Sliding<'w, 'r> {
    kind: Kind,
    w: &'w Windows<'w>,
    /// Seconds.
    range: f64,
    resets: Resets,
    out: FloatRow<'r>,
}

impl Visit for Sliding<'_, '_> {
    fn block(&mut self, block: Strided) -> bool {
        if block.hi - block.lo < 2 {
            return true;
        }
        if self.resets.any(block.lo, block.last_hi()) {
            return false;
        }
        let (times, values) = (self.w.samples.times, self.w.samples.values);
        let mut windows = Alike::new(self.kind, self.w, &block);
        block.pick(block.lo, times, &mut windows.first);
        block.pick(block.hi - 1, times, &mut windows.last);
        block.pick(block.lo, values, &mut windows.from);
        block.pick(block.hi - 1, values, &mut windows.change);
        windows.fill(self.range, self.out.block(block.k, block.len));
        true
    }

    fn single(&mut self, k: usize, lo: usize, hi: usize) {
        if hi - lo >= 2 {
            let change = self.resets.increase(self.w.samples.values, lo, hi);
            self.out.set(k, extrapolated(self.kind, self.w, self.range, (k, lo, hi), change));
        }
    }
}

/// The few places where a counter dropped. Resets in a window are added in order, as one pass over the window
/// would add them, so results are the same to the last bit; running totals would lose small values beside big ones.
pub(super) struct Resets {
    /// Indices of the samples that are lower than the one before.
    at: Vec<usize>,
    /// The first reset behind the window's first sample.
    from: usize,
    /// The first reset behind the window.
    to: usize,
}

impl Resets {
    /// Those of a counter; gauges have none.
    pub(super) fn of(kind: Kind, values: &[f64]) -> Self {
        let mut at = Vec::new();
        if kind.is_counter() {
            for_each_reset(values, |i| at.push(i));
        }
        Self { at, from: 0, to: 0 }
    }

    /// Whether there are any between the samples `lo` and `hi`, without the former; windows only move right.
    #[inline]
    fn any(&mut self, lo: usize, hi: usize) -> bool {
        while self.from < self.at.len() && self.at[self.from] <= lo {
            self.from += 1;
        }
        self.at.get(self.from).is_some_and(|&at| at < hi)
    }

    /// [`Self::any`] for windows in any order.
    pub(super) fn any_between(&self, lo: usize, hi: usize) -> bool {
        let next = self.at.partition_point(|&at| at <= lo);
        self.at.get(next).is_some_and(|&at| at < hi)
    }

    /// The increase over a window; windows only move right.
    #[inline]
    fn increase(&mut self, values: &[f64], lo: usize, hi: usize) -> f64 {
        self.add(difference(values, lo, hi), values, lo, hi)
    }

    /// Adds what the counter had reached before each reset between the samples `lo` and `hi`, without the former.
    /// Windows only move right.
    #[inline]
    pub(super) fn add(&mut self, mut change: f64, values: &[f64], lo: usize, hi: usize) -> f64 {
        if !self.any(lo, hi) {
            return change;
        }
        self.to = self.to.max(self.from);
        while self.to < self.at.len() && self.at[self.to] < hi {
            self.to += 1;
        }
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
