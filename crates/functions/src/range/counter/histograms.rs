//! `rate`, `increase` and `delta` of windows that may hold native histograms.

use promqlite_model::histogram::{Combined, CounterResetHint, FloatHistogram, HistogramView, MixedSchemas};
use promqlite_model::{Annotation, RowMut, Samples};

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
    if w.samples.histograms.is_none() {
        return floats(kind, w, row, cx);
    }
    let samples = &w.samples;
    let starts = cx.use_start_times && !samples.start_times.is_empty() && kind.is_counter();
    let range = go_seconds(w.range.0);
    let mut changes = Changes::new(kind, samples, starts);
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
        let span = Span {
            begin: w.begin(k),
            end: w.end(k),
            first: samples.times[lo],
            last: samples.times[hi - 1],
            gaps: hi - lo - 1,
            zero,
        };
        let Some(first) = samples.histogram(lo) else {
            let change = changes.of_floats(lo, hi, zero.is_some());
            let factor = span.factor(kind.is_counter().then_some((samples.values[lo], change)));
            row.set(k, change * kind.per_second(factor, range));
            return;
        };
        if let Some(change) = changes.of_histograms(lo, hi, zero.is_some()) {
            let factor = span.factor(kind.is_counter().then_some((first.count(), change.view().count())));
            change.mul(kind.per_second(factor, range));
            row.set_histogram(k, change);
        }
    });
    changes.seen.remark(kind, cx);
    remark_overlaps(cx, overlaps);
}

/// The changes in the windows of a series, from left to right.
struct Changes<'s> {
    kind: Kind,
    samples: &'s Samples<'s>,
    facts: Facts,
    seen: Seen,
    /// The change in one window.
    change: FloatHistogram,
    /// The layout that `change` has, where it is one of the samples'.
    layout: Option<u32>,
}

impl<'s> Changes<'s> {
    fn new(kind: Kind, samples: &'s Samples<'s>, starts: bool) -> Self {
        let facts = Facts::of(kind, samples, starts);
        Self { kind, samples, facts, seen: Seen::default(), change: FloatHistogram::default(), layout: None }
    }

    fn at(&self, i: usize) -> HistogramView<'s> {
        self.samples.histogram(i).expect("invariant: all samples are histograms")
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

    /// The same of histograms; `None` where the schemas do not go together.
    fn of_histograms(&mut self, lo: usize, hi: usize, known_zero: bool) -> Option<&mut FloatHistogram> {
        self.seen.gauges |= self.facts.gauges.any_within(lo, hi);
        if hi - lo == 1 {
            // One sample and a start timestamp: all of it happened since then.
            self.layout = None;
            self.change.copy_from(self.at(lo));
            return Some(&mut self.change);
        }
        let layout = self.samples.histograms.map(|h| h.column.layout(h.index[lo]));
        let alike = !self.facts.layouts.any_within(lo + 1, hi);
        if alike && self.adds_number_by_number(layout) {
            self.of_one_layout(lo, hi, known_zero, layout);
        } else {
            self.layout = None;
            self.of_any_layouts(lo, hi, known_zero)?;
        }
        self.seen.counters |= !is_gauge(self.at(lo)) || !is_gauge(self.at(hi - 1));
        self.change.set_hint(CounterResetHint::Gauge);
        let buckets = self.change.bucket_count();
        self.change.compact(0);
        if self.change.bucket_count() != buckets {
            self.layout = None;
        }
        Some(&mut self.change)
    }

    fn adds_number_by_number(&self, layout: Option<u32>) -> bool {
        self.samples.histograms.zip(layout).is_some_and(|(h, layout)| h.column.adds_number_by_number(layout))
    }

    fn of_one_layout(&mut self, lo: usize, hi: usize, known_zero: bool, layout: Option<u32>) {
        let (first, last) = (self.at(lo), self.at(hi - 1));
        if self.layout == layout {
            self.change.copy_numbers(last);
        } else {
            self.change.copy_from(last);
            self.layout = layout;
        }
        let mut resets = self.facts.resets.within(lo + 1, hi);
        // A reset at the second sample has replaced the first by nothing, so that there is nothing left to add.
        match resets.split_first() {
            Some((&i, later)) if i as usize == lo + 1 => resets = later,
            _ => self.change.add_numbers(first, -1.0),
        }
        for &i in resets {
            let before = self.samples.histogram(i as usize - 1);
            self.change.add_numbers(before.expect("invariant: all samples are histograms"), 1.0);
        }
        if known_zero {
            self.change.add_numbers(first, 1.0);
        }
    }

    fn of_any_layouts(&mut self, lo: usize, hi: usize, known_zero: bool) -> Option<()> {
        let samples = self.samples;
        let at = |i: usize| samples.histogram(i).expect("invariant: all samples are histograms");
        let resets = self.facts.resets.within(lo + 1, hi);
        let replaced = resets.first().is_some_and(|&i| i as usize == lo + 1);
        let empty;
        let first = if replaced {
            empty = FloatHistogram::empty_like(at(lo + 1));
            empty.view()
        } else {
            at(lo)
        };
        let last = at(hi - 1);
        let mut coarsest = first.schema().min(last.schema());
        let mut misfit = first.schema().is_custom() != last.schema().is_custom();
        if self.kind.is_counter() {
            let oldest = lo + 1 + usize::from(replaced);
            let middle = self.facts.schemas.within(lo + 1, hi).iter().map(|&i| i as usize);
            for schema in middle.filter(|&i| i >= oldest).map(|i| at(i).schema()) {
                coarsest = coarsest.min(schema);
                misfit |= schema.is_custom() != last.schema().is_custom();
            }
        }
        if misfit {
            self.seen.misfits = true;
            return None;
        }
        self.change.copy_from(last);
        self.change.reduce_to(coarsest);
        let fits = "invariant: all schemas are exponential or all are custom";
        self.seen.reconciled_subtracting |= self.change.sub(first).expect(fits).bounds_reconciled;
        let earlier = resets[usize::from(replaced)..].iter().map(|&i| at(i as usize - 1));
        for added in earlier.chain(known_zero.then(|| at(lo))) {
            match self.change.add(added) {
                Ok(seen) => self.seen.reconciled_adding |= seen.bounds_reconciled,
                // The first sample itself, if another has replaced it.
                Err(_) => {
                    self.seen.misfits = true;
                    return None;
                }
            }
        }
        Some(())
    }
}

fn is_gauge(histogram: HistogramView<'_>) -> bool {
    histogram.hint() == CounterResetHint::Gauge
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
