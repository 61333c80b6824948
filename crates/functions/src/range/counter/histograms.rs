//! `rate`, `increase` and `delta` of windows that may hold native histograms.

use promqlite_model::histogram::{
    Combined, CounterResetHint, FloatHistogram, HistogramView, MixedSchemas, Numbers, Schema,
};
use promqlite_model::{Annotation, HistogramSamples, LayoutMemo, RowMut, Samples};

use super::Kind;
use super::extrapolate::Span;
use super::floats::{floats, remark_overlaps};
use super::marks::Facts;
use crate::range::start_time;
use crate::range::window::go_seconds;
use crate::{RangeCx, Windows};

/// The kernel for windows of any samples. Samples are compared with their neighbours once; a window then costs a
/// look at its first and its last sample and at the resets between.
pub(in crate::range) fn mixed(kind: Kind, w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let Some(histograms) = w.samples.histograms else { return floats(kind, w, row, cx) };
    let samples = &w.samples;
    let starts = cx.use_start_times && !samples.start_times.is_empty() && kind.is_counter();
    let range = go_seconds(w.range.0);
    let mut changes = Changes::new(kind, samples, histograms, starts);
    let mut overlaps = 0;
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        let zero = if starts { start_time::known_zero(samples, lo, w.begin(k)) } else { None };
        if hi - lo < 2 && zero.is_none() {
            return;
        }
        if starts {
            overlaps += u64::from(changes.facts.overlaps.any_within(lo + 1, hi));
        }
        if changes.facts.switches.any_within(lo + 1, hi) {
            changes.seen.mixed_types = true;
            return;
        }
        let extrapolate = Extrapolation {
            kind,
            range,
            span: Span {
                begin: w.begin(k),
                end: w.end(k),
                first: samples.times[lo],
                last: samples.times[hi - 1],
                gaps: hi - lo - 1,
                zero,
            },
        };
        let Some(first) = changes.histogram(lo) else {
            let change = changes.of_floats(lo, hi, zero.is_some());
            row.set(k, change * extrapolate.factor(samples.values[lo], change));
            return;
        };
        changes.note_kinds(lo, hi);
        if changes.set_alike(k, lo, hi, extrapolate, row) {
            return;
        }
        if let Some(change) = changes.of_any_layouts(lo, hi, zero.is_some()) {
            change.mul(extrapolate.factor(first.count(), change.view().count()));
            row.set_histogram(k, change);
        }
    });
    changes.seen.remark(kind, cx);
    remark_overlaps(cx, overlaps);
}

/// How the change in a window becomes the result.
#[derive(Clone, Copy)]
struct Extrapolation {
    kind: Kind,
    /// The nominal length of a window, in seconds.
    range: f64,
    span: Span,
}

impl Extrapolation {
    /// What a change is multiplied by, from its first sample and itself, or their counts.
    #[inline]
    fn factor(&self, first: f64, change: f64) -> f64 {
        let factor = self.span.factor(self.kind.is_counter().then_some((first, change)));
        self.kind.per_second(factor, self.range)
    }
}

/// The changes in the windows of a series, from left to right.
struct Changes<'s> {
    kind: Kind,
    samples: &'s Samples<'s>,
    histograms: HistogramSamples<'s>,
    facts: Facts,
    seen: Seen,
    /// The change in one window.
    change: FloatHistogram,
    layout: LayoutMemo,
    /// The changes of all buckets in one window.
    buckets: Vec<f64>,
}

impl<'s> Changes<'s> {
    fn new(kind: Kind, samples: &'s Samples<'s>, histograms: HistogramSamples<'s>, starts: bool) -> Self {
        Self {
            kind,
            samples,
            histograms,
            facts: Facts::of(kind, samples, histograms, starts),
            seen: Seen::default(),
            change: FloatHistogram::default(),
            layout: LayoutMemo::default(),
            buckets: Vec::new(),
        }
    }

    fn histogram(&self, i: usize) -> Option<HistogramView<'s>> {
        self.samples.histogram(i)
    }

    fn numbers(&self, i: usize) -> Numbers<'s> {
        self.histograms.column.numbers(self.histograms.index[i])
    }

    /// Last minus first, resets added for counters. All samples are floats.
    fn of_floats(&mut self, lo: usize, hi: usize, known_zero: bool) -> f64 {
        let values = self.samples.values;
        let mut change = values[hi - 1] - values[lo];
        if self.kind.is_counter() {
            self.facts.resets.within(lo + 1, hi).iter().for_each(|&i| change += values[i as usize - 1]);
        }
        if known_zero { change + values[lo] } else { change }
    }

    /// Notes gauges among a counter's histograms.
    #[inline]
    fn note_kinds(&mut self, lo: usize, hi: usize) {
        self.seen.gauges |= self.facts.gauges.any_within(lo, hi);
    }

    /// Notes counters at the edges of a window over gauges.
    #[inline]
    fn note_edges(&mut self, lo: usize, hi: usize) {
        let gauge = |i: usize| self.numbers(i).hint == CounterResetHint::Gauge;
        self.seen.counters |= !gauge(lo) || !gauge(hi - 1);
    }

    /// Sets step `k` if all histograms of the window have one layout, in which changes are those of the numbers; else
    /// does nothing and says so.
    #[inline]
    fn set_alike(
        &mut self,
        k: usize,
        lo: usize,
        hi: usize,
        extrapolate: Extrapolation,
        row: &mut RowMut<'_>,
    ) -> bool {
        let (column, index) = (self.histograms.column, self.histograms.index[lo]);
        let alike = !self.facts.layouts.any_within(lo + 1, hi);
        if !alike || hi - lo < 2 || !column.adds_number_by_number(column.layout(index)) {
            return false;
        }
        self.note_edges(lo, hi);
        let totals = self.change_number_by_number(lo, hi, extrapolate.span.zero.is_some());
        let factor = extrapolate.factor(self.numbers(lo).totals[0], totals[0]);
        if self.buckets.iter().fold(false, |any, &bucket| any | (bucket == 0.0)) {
            // Buckets without a change are left out, which makes another layout.
            self.change.set_numbers(column.get(index), totals, &self.buckets);
            self.change.set_hint(CounterResetHint::Gauge);
            self.change.compact(0);
            self.change.mul(factor);
            row.set_histogram(k, &self.change);
        } else {
            let layout = row.layout_like(column, index, &mut self.layout);
            let buckets = self.buckets.iter().map(|bucket| bucket * factor);
            row.set_numbers(k, layout, CounterResetHint::Gauge, totals.map(|total| total * factor), buckets);
        }
        true
    }

    /// Last minus first, resets added: leaves the buckets in `buckets` and returns the other numbers.
    #[inline]
    fn change_number_by_number(&mut self, lo: usize, hi: usize, known_zero: bool) -> [f64; 3] {
        let (first, last) = (self.numbers(lo), self.numbers(hi - 1));
        let mut totals = last.totals;
        let mut resets = self.facts.resets.within(lo + 1, hi);
        self.buckets.clear();
        match resets.split_first() {
            // A reset at the second sample replaces the first by nothing, so that there is nothing to add for it.
            Some((&i, later)) if i as usize == lo + 1 => {
                resets = later;
                self.buckets.extend_from_slice(last.buckets);
            }
            _ => {
                add_totals(&mut totals, &first, -1.0);
                self.buckets.extend(last.buckets.iter().zip(first.buckets).map(|(last, first)| last - first));
            }
        }
        let column = self.histograms.column;
        let earlier = resets.iter().map(|&i| column.numbers(self.histograms.index[i as usize - 1]));
        for added in earlier.chain(known_zero.then_some(first)) {
            add_totals(&mut totals, &added, 1.0);
            self.buckets.iter_mut().zip(added.buckets).for_each(|(bucket, added)| *bucket += added);
        }
        totals
    }

    /// Last minus first, resets added for counters, of histograms; `None` where the schemas do not go together.
    fn of_any_layouts(&mut self, lo: usize, hi: usize, known_zero: bool) -> Option<&mut FloatHistogram> {
        let samples = self.samples;
        let at = |i: usize| samples.histogram(i).expect("invariant: all samples are histograms");
        if hi - lo == 1 {
            // One sample and a start timestamp: all of it happened since then.
            self.change.copy_from(at(lo));
            return Some(&mut self.change);
        }
        let resets = self.facts.resets.within(lo + 1, hi);
        let replaced = resets.first().is_some_and(|&i| i as usize == lo + 1);
        let empty;
        let first = if replaced {
            empty = FloatHistogram::empty_like(at(lo + 1));
            empty.view()
        } else {
            at(lo)
        };
        let oldest = lo + 1 + usize::from(replaced);
        let middle = if self.kind.is_counter() { self.facts.schemas.within(lo + 1, hi) } else { &[] };
        let middle = middle.iter().map(|&i| i as usize).filter(|&i| i >= oldest);
        let Some(coarsest) = coarsest(first, middle.map(at), at(hi - 1)) else {
            self.seen.misfits = true;
            return None;
        };
        self.change.copy_from(at(hi - 1));
        self.change.reduce_to(coarsest);
        let fits = "invariant: all schemas are exponential or all are custom";
        self.seen.reconciled_subtracting |= self.change.sub(first).expect(fits).bounds_reconciled;
        let earlier = resets[usize::from(replaced)..].iter().map(|&i| at(i as usize - 1));
        for added in earlier.chain(known_zero.then(|| at(lo))) {
            // The first sample itself may not fit, if another has replaced it.
            let Ok(seen) = self.change.add(added) else {
                self.seen.misfits = true;
                return None;
            };
            self.seen.reconciled_adding |= seen.bounds_reconciled;
        }
        self.note_edges(lo, hi);
        self.change.set_hint(CounterResetHint::Gauge);
        self.change.compact(0);
        Some(&mut self.change)
    }
}

#[inline]
fn add_totals(totals: &mut [f64; 3], added: &Numbers<'_>, sign: f64) {
    // Custom buckets have no zero bucket.
    let used = if added.is_custom { 2 } else { 3 };
    totals.iter_mut().zip(added.totals).take(used).for_each(|(total, added)| *total += sign * added);
}

/// The coarsest of all schemas; `None` if some are exponential and others custom.
fn coarsest<'h>(
    first: HistogramView<'_>,
    middle: impl Iterator<Item = HistogramView<'h>>,
    last: HistogramView<'_>,
) -> Option<Schema> {
    let schemas = middle.map(HistogramView::schema).chain([first.schema()]);
    let mut coarsest = last.schema();
    for schema in schemas {
        if schema.is_custom() != coarsest.is_custom() {
            return None;
        }
        coarsest = coarsest.min(schema);
    }
    Some(coarsest)
}

/// What is to be remarked, once for all windows.
#[derive(Debug, Default)]
struct Seen {
    mixed_types: bool,
    misfits: bool,
    /// Any gauge.
    gauges: bool,
    /// A window whose first or last sample is no gauge.
    counters: bool,
    reconciled_subtracting: bool,
    reconciled_adding: bool,
}

impl Seen {
    fn remark(self, kind: Kind, cx: &mut RangeCx<'_>) {
        let metric = || cx.metric.to_owned();
        let all = [
            (self.mixed_types, Annotation::MixedFloatsHistograms { metric: metric() }),
            (self.misfits, Annotation::MixedExponentialCustom { metric: metric() }),
            (kind.is_counter() && self.gauges, Annotation::HistogramNotCounter { metric: metric() }),
            (!kind.is_counter() && self.counters, Annotation::HistogramNotGauge { metric: metric() }),
            (self.reconciled_subtracting, Annotation::ReconciledCustomBuckets("subtraction")),
            (self.reconciled_adding, Annotation::ReconciledCustomBuckets("addition")),
        ];
        for (_, annotation) in all.into_iter().filter(|(seen, _)| *seen) {
            cx.note(annotation);
        }
    }
}

/// Takes `other` away, remarking on what was reconciled; `None` where schemas do not go together.
pub(super) fn subtract(
    from: &mut FloatHistogram,
    other: HistogramView<'_>,
    cx: &mut RangeCx<'_>,
) -> Option<()> {
    let combined = from.sub(other);
    remark(combined, "subtraction", cx)
}

/// Adds `other`, remarking on what was reconciled; `None` where schemas do not go together.
pub(super) fn add(to: &mut FloatHistogram, other: HistogramView<'_>, cx: &mut RangeCx<'_>) -> Option<()> {
    let combined = to.add(other);
    remark(combined, "addition", cx)
}

fn remark(
    combined: Result<Combined, MixedSchemas>,
    operation: &'static str,
    cx: &mut RangeCx<'_>,
) -> Option<()> {
    match combined {
        Ok(seen) if seen.bounds_reconciled => cx.note(Annotation::ReconciledCustomBuckets(operation)),
        Ok(_) => {}
        Err(_) => {
            cx.note(Annotation::MixedExponentialCustom { metric: cx.metric.to_owned() });
            return None;
        }
    }
    Some(())
}
