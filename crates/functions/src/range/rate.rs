//! `rate`

use promqlite_model::{RowMut, ValueType};

use super::counter::{self, Kind};
use crate::{
    Doc, Extension, ExtensionSupport, Function, Kernel, MetricNameRule, RangeCx, RangeKernel, Windows,
};

/// `rate`
pub(super) static RATE: Function = Function {
    name: "rate",
    experimental: false,
    args: &[ValueType::Matrix],
    variadic: 0,
    returns: ValueType::Vector,
    metric_name: MetricNameRule::Drop,
    doc: Doc {
        summary: "Per-second increase of a counter over the range, resets allowed for and extrapolated to the edges of the range.",
        example: "rate(http_requests_total[5m])",
    },
    kernel: Kernel::Range(RangeKernel {
        floats,
        mixed,
        extended: ExtensionSupport::Both(extended),
        start_times: true,
        counter: true,
    }),
};

fn floats(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::floats(Kind::Rate, w, row, cx);
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::mixed(Kind::Rate, w, row, cx);
}

fn extended(w: &Windows<'_>, extension: Extension, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::extended(Kind::Rate, w, extension, row, cx);
}
