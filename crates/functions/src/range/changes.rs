//! `changes` and `resets`: how often neighbouring samples of a window differ, or drop.

use promqlite_model::{RowMut, Samples};

use super::start_time::restarted;
use super::window::FloatRow;
use crate::{
    Doc, ExtendedFn, ExtensionSupport, Function, Kernel, MetricNameRule, RangeFn, RangeKernel, Windows,
};

/// `changes`
pub(super) static CHANGES: Function = declare(
    "changes",
    Doc {
        summary: "How often the value changed within the range.",
        example: "changes(process_start_time_seconds[1h])",
    },
    |w, row, _| count(w, row, changed),
    |w, _, row, _| anchored(w, row, changed),
    false,
);

/// `resets`
pub(super) static RESETS: Function = declare(
    "resets",
    Doc {
        summary: "How often a counter was reset within the range.",
        example: "resets(http_requests_total[1h])",
    },
    |w, row, cx| {
        let starts = cx.use_start_times && !w.samples.start_times.is_empty();
        count(w, row, |samples, i| reset(samples, i, starts));
    },
    |w, _, row, cx| {
        let starts = cx.use_start_times && !w.samples.start_times.is_empty();
        anchored(w, row, |samples, i| reset(samples, i, starts));
    },
    true,
);

const fn declare(
    name: &'static str,
    doc: Doc,
    kernel: RangeFn,
    anchored: ExtendedFn,
    start_times: bool,
) -> Function {
    Function {
        name,
        experimental: false,
        args: &[promqlite_model::ValueType::Matrix],
        variadic: 0,
        returns: promqlite_model::ValueType::Vector,
        metric_name: MetricNameRule::Drop,
        doc,
        kernel: Kernel::Range(RangeKernel {
            floats: kernel,
            mixed: kernel,
            extended: ExtensionSupport::Anchored(anchored),
            start_times,
            counter: false,
        }),
    }
}

/// Whether sample `i` differs from the one before. NaN after NaN is no change.
fn changed(samples: &Samples<'_>, i: usize) -> bool {
    match (samples.histogram(i - 1), samples.histogram(i)) {
        (Some(before), Some(now)) => before != now,
        (None, None) => {
            let (before, now) = (samples.values[i - 1], samples.values[i]);
            before != now && !(before.is_nan() && now.is_nan())
        }
        _ => true,
    }
}

fn reset(samples: &Samples<'_>, i: usize, starts: bool) -> bool {
    if starts && restarted(samples, i) {
        return true;
    }
    match (samples.histogram(i - 1), samples.histogram(i)) {
        (Some(before), Some(now)) => now.is_reset_after(before),
        (None, None) => samples.values[i] < samples.values[i - 1],
        _ => true,
    }
}

/// Counts the events up to each sample once; a window's count is then a difference of two prefixes.
fn prefix(samples: &Samples<'_>, event: impl Fn(&Samples<'_>, usize) -> bool) -> Vec<u32> {
    let mut total = 0;
    let mut counts = Vec::with_capacity(samples.len());
    for i in 0..samples.len() {
        total += u32::from(i > 0 && event(samples, i));
        counts.push(total);
    }
    counts
}

fn count(w: &Windows<'_>, row: &mut RowMut<'_>, event: impl Fn(&Samples<'_>, usize) -> bool) {
    let counts = prefix(&w.samples, event);
    let mut out = FloatRow::new(row);
    w.for_each(|k, lo, hi| {
        if lo < hi {
            out.set(k, f64::from(counts[hi - 1] - counts[lo]));
        }
    });
}

/// The newest sample at or before the left edge stands for what was there before the window.
fn anchored(w: &Windows<'_>, row: &mut RowMut<'_>, event: impl Fn(&Samples<'_>, usize) -> bool) {
    let counts = prefix(&w.samples, event);
    let times = w.samples.times;
    let mut out = FloatRow::new(row);
    w.for_each(|k, lo, hi| {
        if lo < hi {
            let oldest = w.begin(k).saturating_sub(w.lookback.0);
            let from = if lo > 0 && times[lo - 1] > oldest { lo - 1 } else { lo };
            out.set(k, f64::from(counts[hi - 1] - counts[from]));
        }
    });
}
