//! `rate`, `increase` and `delta` of anchored and smoothed windows: no extrapolation, the edges are found.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramView};
use promqlite_model::{Annotation, RowMut, Samples, first_after};

use super::Kind;
use super::floats::Resets;
use super::histograms::{add, subtract};
use super::smoothed::{Changes, FEW, strided};
use crate::range::strides::BLOCK;
use crate::range::window::{FloatRow, go_seconds};
use crate::{Extension, RangeCx, Windows};

/// The samples that an extended window uses: from the one at or before its left edge to the newest one or, when
/// smoothed, the first at or behind its right edge.
#[derive(Clone, Copy)]
struct Bounds {
    begin: i64,
    end: i64,
    /// Index of the oldest sample that the lookback reaches.
    oldest: usize,
    /// Index of the first sample used.
    first: usize,
    /// Index of the last sample used.
    last: usize,
    smoothed: bool,
}

impl Bounds {
    /// Whether the left edge lies between two samples and is interpolated.
    fn cuts_left(&self, times: &[i64]) -> bool {
        self.smoothed && times[self.first] < self.begin
    }

    /// Whether the right edge lies between two samples and is interpolated.
    fn cuts_right(&self, times: &[i64]) -> bool {
        self.smoothed && self.last > self.oldest && times[self.last] > self.end
    }
}

/// The kernel for extended windows of any samples.
pub(in crate::range) fn extended(
    kind: Kind,
    w: &Windows<'_>,
    extension: Extension,
    row: &mut RowMut<'_>,
    cx: &mut RangeCx<'_>,
) {
    let (times, samples) = (w.samples.times, &w.samples);
    let smoothed = extension == Extension::Smoothed;
    let divisor = if kind == Kind::Rate { go_seconds(w.range.0) } else { 1.0 };
    let mut resets = Resets::of(kind, samples.values);
    // Windows never move left, so neither do the cursors.
    let (mut lo, mut inside, mut behind, mut hi) = (0, 0, 0, 0);
    let ahead = if smoothed { w.lookback.0 } else { 0 };
    let (mut next, mut visited) = (0, 0_usize);
    let mut at_once = (smoothed && samples.histograms.is_none() && w.len() >= FEW).then(Changes::new);
    while next < w.len() {
        let k = next;
        next += 1;
        visited += 1;
        if visited.is_multiple_of(4096) && w.stop.now() {
            return;
        }
        let (begin, end) = (w.begin(k), w.end(k));
        inside = first_after(times, inside, begin);
        behind = first_after(times, behind, end.saturating_sub(1));
        if let Some(changes) = &mut at_once
            && k.is_multiple_of(BLOCK)
            && let Some(block) = strided(w, k, inside, behind)
            && changes.compute(kind, w, &block, &resets)
        {
            let mut out = FloatRow::new(row);
            let out = out.block(k, block.len).iter_mut();
            out.zip(&changes.of_window).for_each(|(out, change)| *out = change / divisor);
            (next, inside, behind) = (k + block.len, block.last_lo() + 1, block.last_hi());
            continue;
        }
        lo = first_after(times, lo, begin.saturating_sub(w.lookback.0));
        hi = first_after(times, hi, end.saturating_add(ahead));
        if lo >= hi {
            // On to the window that the next sample comes into view of.
            let Some(&sample) = times.get(lo) else { return };
            next = next.max(w.first_ending_from(sample.saturating_sub(ahead)));
            continue;
        }
        let newest = hi - 1;
        let first = inside.min(newest).saturating_sub(1).max(lo);
        let last = if smoothed { behind.min(newest) } else { newest };
        if times[last] <= begin || (smoothed && times[first] > end) {
            continue;
        }
        let bounds = Bounds { begin, end, oldest: lo, first, last, smoothed };
        let used = first..=last;
        let histograms = match samples.histograms {
            None => 0,
            Some(_) => used.clone().filter(|&i| samples.histogram(i).is_some()).count(),
        };
        if histograms == 0 {
            row.set(k, change(kind, samples, bounds, &mut resets) / divisor);
        } else if histograms < used.count() {
            cx.note(Annotation::MixedFloatsHistograms { metric: cx.metric.to_owned() });
        } else if let Some(mut change) = of_histograms(kind, samples, bounds, cx) {
            if kind == Kind::Rate {
                change.div(divisor);
            }
            row.set_histogram(k, &change);
        }
    }
}

fn fraction(times: &[i64], before: usize, at: i64) -> f64 {
    (at - times[before]) as f64 / (times[before + 1] - times[before]) as f64
}

/// The value at `at` between two samples; a counter that dropped rises from zero.
fn between(window: &Samples<'_>, before: usize, at: i64, counter: bool) -> f64 {
    let (mut y1, y2) = (window.values[before], window.values[before + 1]);
    if counter && y2 < y1 {
        y1 = 0.0;
    }
    y1 + (y2 - y1) * fraction(window.times, before, at)
}

/// By how much floats changed over a window.
#[inline]
fn change(kind: Kind, samples: &Samples<'_>, b: Bounds, resets: &mut Resets) -> f64 {
    let (times, values) = (samples.times, samples.values);
    let counter = kind.is_counter();
    let left = if b.cuts_left(times) { between(samples, b.first, b.begin, counter) } else { values[b.first] };
    let right =
        if b.cuts_right(times) { between(samples, b.last - 1, b.end, counter) } else { values[b.last] };
    let mut change = right - left;
    if !counter {
        return change;
    }
    // What lies between the edges: the samples `from..to`.
    let from = b.first + usize::from(times[b.first] <= b.begin);
    let to = b.last + usize::from(times[b.last] < b.end);
    let mut previous = left;
    if from < to {
        if values[from] < previous {
            change += previous;
        }
        change = resets.add(change, values, from, to);
        previous = values[to - 1];
    }
    if right < previous {
        change += previous;
    }
    change
}

fn of_histograms(
    kind: Kind,
    window: &Samples<'_>,
    b: Bounds,
    cx: &mut RangeCx<'_>,
) -> Option<FloatHistogram> {
    let times = window.times;
    let at = |i: usize| window.histogram(i).expect("invariant: all samples are histograms");
    let gauge = |i: usize| at(i).hint() == CounterResetHint::Gauge;
    let counter = kind.is_counter();
    let metric = cx.metric.to_owned();
    if counter && (b.first..=b.last).any(gauge) {
        cx.note(Annotation::HistogramNotCounter { metric });
    } else if !counter && (!gauge(b.first) || !gauge(b.last)) {
        cx.note(Annotation::HistogramNotGauge { metric });
    }
    let (cuts_left, cuts_right) = (b.cuts_left(times), b.cuts_right(times));
    let left = if cuts_left {
        interpolate(at(b.first), at(b.first + 1), fraction(times, b.first, b.begin), counter, cx)?
    } else {
        at(b.first).to_owned()
    };
    let right = if cuts_right {
        interpolate(at(b.last - 1), at(b.last), fraction(times, b.last - 1, b.end), counter, cx)?
    } else {
        at(b.last).to_owned()
    };
    let mut change = right;
    subtract(&mut change, left.view(), cx)?;
    if counter {
        for i in b.first + 1..=b.last {
            if !at(i).is_reset_after(at(i - 1)) || (i == b.first + 1 && cuts_left) {
                continue;
            }
            add(&mut change, at(i - 1), cx)?;
        }
    }
    change.set_hint(CounterResetHint::Gauge);
    change.compact(0);
    Some(change)
}

/// The histogram a part of the way from one to the next; a counter that was reset rises from nothing.
fn interpolate(
    before: HistogramView<'_>,
    after: HistogramView<'_>,
    fraction: f64,
    counter: bool,
    cx: &mut RangeCx<'_>,
) -> Option<FloatHistogram> {
    if counter && after.is_reset_after(before) {
        return Some(after.times(fraction));
    }
    let mut part = after.to_owned();
    subtract(&mut part, before, cx)?;
    part.mul(fraction);
    let mut point = before.to_owned();
    add(&mut point, part.view(), cx)?;
    Some(point)
}
