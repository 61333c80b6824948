//! `irate` and `idelta`: the last two samples of a window.

use promqlite_model::histogram::CounterResetHint;
use promqlite_model::{Annotation, RowMut, Samples, ValueType};

use super::start_time::restarted;
use super::window::fill_by_samples;
use crate::{
    Doc, ExtensionSupport, Function, Kernel, MetricNameRule, RangeCx, RangeFn, RangeKernel, Windows,
};

/// `irate`
pub(super) static IRATE: Function = declare(
    "irate",
    Doc {
        summary: "Per-second increase of a counter between the last two samples in the range.",
        example: "irate(http_requests_total[5m])",
    },
    |w, row, cx| floats(w, row, cx, true),
    |w, row, cx| mixed(w, row, cx, true),
    true,
);

/// `idelta`
pub(super) static IDELTA: Function = declare(
    "idelta",
    Doc {
        summary: "Difference between the last two samples in the range.",
        example: "idelta(queue_length[5m])",
    },
    |w, row, cx| floats(w, row, cx, false),
    |w, row, cx| mixed(w, row, cx, false),
    false,
);

const fn declare(name: &'static str, doc: Doc, floats: RangeFn, mixed: RangeFn, counter: bool) -> Function {
    Function {
        name,
        experimental: false,
        args: &[ValueType::Matrix],
        variadic: 0,
        returns: ValueType::Vector,
        metric_name: MetricNameRule::Drop,
        doc,
        kernel: Kernel::Range(RangeKernel {
            floats,
            mixed,
            extended: ExtensionSupport::No,
            start_times: counter,
            counter: false,
        }),
    }
}

fn floats(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>, is_rate: bool) {
    let starts = cx.use_start_times && !w.samples.start_times.is_empty();
    fill_by_samples(w, row, |lo, hi| (hi - lo >= 2).then(|| of_floats(&w.samples, hi - 1, is_rate, starts)));
}

fn of_floats(samples: &Samples<'_>, last: usize, is_rate: bool, starts: bool) -> f64 {
    let (before, now) = (samples.values[last - 1], samples.values[last]);
    if !is_rate {
        return now - before;
    }
    let reset = now < before || (starts && restarted(samples, last));
    let change = if reset { now } else { now - before };
    change / seconds(samples, last)
}

fn seconds(samples: &Samples<'_>, last: usize) -> f64 {
    (samples.times[last] - samples.times[last - 1]) as f64 / 1000.0
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>, is_rate: bool) {
    let starts = cx.use_start_times && !w.samples.start_times.is_empty();
    w.for_each(|k, lo, hi| {
        if hi - lo < 2 {
            return;
        }
        let last = hi - 1;
        match (w.samples.histogram(last - 1), w.samples.histogram(last)) {
            (None, None) => row.set(k, of_floats(&w.samples, last, is_rate, starts)),
            (Some(_), Some(_)) => of_histograms(k, &w.samples, last, row, cx, is_rate, starts),
            _ => cx.note(Annotation::MixedFloatsHistograms { metric: cx.metric.to_owned() }),
        }
    });
}

fn of_histograms(
    k: usize,
    samples: &Samples<'_>,
    last: usize,
    row: &mut RowMut<'_>,
    cx: &mut RangeCx<'_>,
    is_rate: bool,
    starts: bool,
) {
    let (Some(before), Some(now)) = (samples.histogram(last - 1), samples.histogram(last)) else { return };
    let metric = || cx.metric.to_owned();
    let gauge = |h: promqlite_model::histogram::HistogramView<'_>| h.hint() == CounterResetHint::Gauge;
    let odd = if is_rate {
        (gauge(before) || gauge(now)).then(|| Annotation::HistogramNotCounter { metric: metric() })
    } else {
        (!gauge(before) || !gauge(now)).then(|| Annotation::HistogramNotGauge { metric: metric() })
    };
    if let Some(odd) = odd {
        cx.note(odd);
    }
    let reset = is_rate && (now.is_reset_after(before) || (starts && restarted(samples, last)));
    let mut change = if reset {
        now.to_owned()
    } else {
        match now.minus(before) {
            Err(_) => {
                cx.note(Annotation::MixedExponentialCustom { metric: cx.metric.to_owned() });
                return;
            }
            Ok((change, seen)) => {
                if seen.bounds_reconciled {
                    cx.note(Annotation::ReconciledCustomBuckets("subtraction"));
                }
                change
            }
        }
    };
    if is_rate {
        change.div(seconds(samples, last));
    }
    change.set_hint(CounterResetHint::Gauge);
    change.compact(0);
    row.set_histogram(k, &change);
}
