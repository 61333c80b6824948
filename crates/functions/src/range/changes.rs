//! `changes` and `resets`: how often neighbouring samples of a window differ, or drop.

use promqlite_model::{RowMut, Samples};

use super::start_time::restarted;
use super::window::FloatRow;
use crate::{
    Doc, ExtendedFn, ExtensionSupport, Function, Kernel, MetricNameRule, RangeCx, RangeFn, RangeKernel,
    Windows,
};

/// `changes`
pub(super) static CHANGES: Function = declare(
    "changes",
    Doc {
        summary: "How often the value changed within the range.",
        example: "changes(process_start_time_seconds[1h])",
    },
    Kernels {
        floats: |w, row, _| count_floats(w, row, differ),
        mixed: |w, row, _| count(w, row, changed),
        anchored: |w, _, row, _| anchored(w, row, changed),
        start_times: false,
    },
);

/// `resets`
pub(super) static RESETS: Function = declare(
    "resets",
    Doc {
        summary: "How often a counter was reset within the range.",
        example: "resets(http_requests_total[1h])",
    },
    Kernels {
        floats: |w, row, cx| {
            if with_starts(w, cx) {
                count(w, row, |samples, i| reset(samples, i, true));
            } else {
                count_floats(w, row, |before, now| now < before);
            }
        },
        mixed: |w, row, cx| {
            let starts = with_starts(w, cx);
            count(w, row, |samples, i| reset(samples, i, starts));
        },
        anchored: |w, _, row, cx| {
            let starts = with_starts(w, cx);
            anchored(w, row, |samples, i| reset(samples, i, starts));
        },
        start_times: true,
    },
);

fn with_starts(w: &Windows<'_>, cx: &RangeCx<'_>) -> bool {
    cx.use_start_times && !w.samples.start_times.is_empty()
}

struct Kernels {
    floats: RangeFn,
    mixed: RangeFn,
    anchored: ExtendedFn,
    start_times: bool,
}

const fn declare(name: &'static str, doc: Doc, kernels: Kernels) -> Function {
    let Kernels { floats, mixed, anchored, start_times } = kernels;
    Function {
        name,
        experimental: false,
        args: &[promqlite_model::ValueType::Matrix],
        variadic: 0,
        returns: promqlite_model::ValueType::Vector,
        metric_name: MetricNameRule::Drop,
        doc,
        kernel: Kernel::Range(RangeKernel {
            floats,
            mixed,
            extended: ExtensionSupport::Anchored(anchored),
            start_times,
            counter: false,
        }),
    }
}

/// Whether a float differs from the one before. NaN after NaN is no change.
fn differ(before: f64, now: f64) -> bool {
    (before != now) & !(before.is_nan() & now.is_nan())
}

/// Whether sample `i` differs from the one before. NaN after NaN is no change.
fn changed(samples: &Samples<'_>, i: usize) -> bool {
    match (samples.histogram(i - 1), samples.histogram(i)) {
        (Some(before), Some(now)) => before != now,
        (None, None) => differ(samples.values[i - 1], samples.values[i]),
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

/// Counts events between neighbouring floats. From one window to the next only those at the edges come and go.
fn count_floats(w: &Windows<'_>, row: &mut RowMut<'_>, event: impl Fn(f64, f64) -> bool) {
    let values = w.samples.values;
    // Events at the samples `from..to`, each with the sample before.
    let events = |from: usize, to: usize| -> u64 {
        if from >= to {
            return 0;
        }
        let pairs = values[from - 1..to - 1].iter().zip(&values[from..to]);
        pairs.map(|(&before, &now)| u64::from(event(before, now))).sum()
    };
    let mut out = FloatRow::new(row);
    let (mut known, mut count) = ((0, 0), 0);
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        let (from, to) = known;
        if lo + 1 < to {
            count = count + events(to, hi) - events(from + 1, lo + 1);
        } else {
            count = events(lo + 1, hi);
        }
        known = (lo, hi);
        out.set(k, count as f64);
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
