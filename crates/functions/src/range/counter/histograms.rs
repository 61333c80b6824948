//! `rate`, `increase` and `delta` of windows that may hold native histograms.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramView};
use promqlite_model::{Annotation, RowMut, Samples};

use super::Kind;
use super::extrapolate::Span;
use super::floats::{increase, remark_overlaps};
use crate::range::start_time;
use crate::range::window::go_seconds;
use crate::{RangeCx, Windows};

/// The kernel for windows of any samples: step by step, since histograms are rare and heavy.
pub(in crate::range) fn mixed(kind: Kind, w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    let starts = cx.use_start_times && !w.samples.start_times.is_empty() && kind.is_counter();
    let range = go_seconds(w.range.0);
    let mut overlaps = 0;
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        let window = w.samples.slice(lo..hi);
        let histograms = (0..window.len()).filter(|&i| window.histogram(i).is_some()).count();
        let zero = if starts { start_time::known_zero(&window, 0, w.begin(k)) } else { None };
        if window.len() < 2 && zero.is_none() {
            return;
        }
        if starts {
            overlaps += u64::from((1..window.len()).any(|i| start_time::overlaps(&window, i)));
        }
        if histograms != 0 && histograms != window.len() {
            cx.note(Annotation::MixedFloatsHistograms { metric: cx.metric.to_owned() });
            return;
        }
        let span = Span {
            begin: w.begin(k),
            end: w.end(k),
            first: window.times[0],
            last: window.times[window.len() - 1],
            gaps: window.len() - 1,
            zero,
        };
        if histograms == 0 {
            let mut change = of_floats(kind, &window, starts);
            if zero.is_some() {
                change += window.values[0];
            }
            let factor = span.factor(kind.is_counter().then_some((window.values[0], change)));
            row.set(k, change * kind.per_second(factor, range));
            return;
        }
        let Some(mut change) = of_histograms(kind, &window, starts, zero.is_some(), cx) else { return };
        let first = window.histogram(0).expect("invariant: all samples are histograms");
        let factor = span.factor(kind.is_counter().then_some((first.count(), change.view().count())));
        change.mul(kind.per_second(factor, range));
        row.set_histogram(k, &change);
    });
    remark_overlaps(cx, overlaps);
}

fn of_floats(kind: Kind, window: &Samples<'_>, starts: bool) -> f64 {
    let values = window.values;
    if !kind.is_counter() {
        return values[values.len() - 1] - values[0];
    }
    if !starts {
        return increase(values, 0, values.len());
    }
    let mut change = values[values.len() - 1] - values[0];
    for i in 1..values.len() {
        if values[i] < values[i - 1] || start_time::restarted(window, i) {
            change += values[i - 1];
        }
    }
    change
}

/// Last minus first, resets added for counters; `None` where the schemas do not go together.
fn of_histograms(
    kind: Kind,
    window: &Samples<'_>,
    starts: bool,
    known_zero: bool,
    cx: &mut RangeCx<'_>,
) -> Option<FloatHistogram> {
    let at = |i: usize| window.histogram(i).expect("invariant: all samples are histograms");
    let n = window.len();
    let gauge = |h: HistogramView<'_>| h.hint() == CounterResetHint::Gauge;
    if kind.is_counter() && (0..n).any(|i| gauge(at(i))) {
        cx.note(Annotation::HistogramNotCounter { metric: cx.metric.to_owned() });
    }
    if n == 1 {
        // One sample and a start timestamp: all of it happened since then.
        return Some(at(0).to_owned());
    }
    let is_reset = |i: usize| at(i).is_reset_after(at(i - 1)) || (starts && start_time::restarted(window, i));
    let first_replaced = kind.is_counter() && is_reset(1);
    let empty = FloatHistogram::empty_like(at(1));
    let first = if first_replaced { empty.view() } else { at(0) };
    let last = at(n - 1);
    let custom = last.schema().is_custom();
    let middle = if kind.is_counter() { 1..n - 1 } else { 1..1 };
    if first.schema().is_custom() != custom || middle.clone().any(|i| at(i).schema().is_custom() != custom) {
        cx.note(Annotation::MixedExponentialCustom { metric: cx.metric.to_owned() });
        return None;
    }
    let coarsest = middle.map(|i| at(i).schema()).chain([first.schema(), last.schema()]).min()?;
    let mut change = last.to_owned();
    if !custom {
        change.reduce_to(coarsest);
    }
    subtract(&mut change, first, cx)?;
    if !kind.is_counter() && (!gauge(first) || !gauge(last)) {
        cx.note(Annotation::HistogramNotGauge { metric: cx.metric.to_owned() });
    }
    if kind.is_counter() {
        // A reset at the second sample has replaced the first, so that there is nothing left to add.
        for i in 2..n {
            if is_reset(i) {
                add(&mut change, at(i - 1), cx)?;
            }
        }
    }
    if known_zero {
        add(&mut change, at(0), cx)?;
    }
    change.set_hint(CounterResetHint::Gauge);
    change.compact(0);
    Some(change)
}

/// Takes `other` away, remarking on what was reconciled; `None` where schemas do not go together.
pub(super) fn subtract(
    from: &mut FloatHistogram,
    other: HistogramView<'_>,
    cx: &mut RangeCx<'_>,
) -> Option<()> {
    match from.sub(other) {
        Ok(seen) => {
            if seen.bounds_reconciled {
                cx.note(Annotation::ReconciledCustomBuckets("subtraction"));
            }
            Some(())
        }
        Err(_) => {
            cx.note(Annotation::MixedExponentialCustom { metric: cx.metric.to_owned() });
            None
        }
    }
}

/// Adds `other`, remarking on what was reconciled; `None` where schemas do not go together.
pub(super) fn add(to: &mut FloatHistogram, other: HistogramView<'_>, cx: &mut RangeCx<'_>) -> Option<()> {
    match to.add(other) {
        Ok(seen) => {
            if seen.bounds_reconciled {
                cx.note(Annotation::ReconciledCustomBuckets("addition"));
            }
            Some(())
        }
        Err(_) => {
            cx.note(Annotation::MixedExponentialCustom { metric: cx.metric.to_owned() });
            None
        }
    }
}
