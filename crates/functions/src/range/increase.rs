//! `increase`

use promqlite_model::{RowMut, ValueType};

use super::counter::{self, Kind};
use crate::{
    Doc, Extension, ExtensionSupport, Function, Kernel, MetricNameRule, RangeCx, RangeKernel, Windows,
};

/// `increase`
pub(super) static INCREASE: Function = Function {
    name: "increase",
    experimental: false,
    args: &[ValueType::Matrix],
    variadic: 0,
    returns: ValueType::Vector,
    metric_name: MetricNameRule::Drop,
    doc: Doc {
        summary: "Increase of a counter over the range, resets allowed for and extrapolated to the edges of the range.",
        example: "increase(http_requests_total[1h])",
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
    counter::floats(Kind::Increase, w, row, cx);
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::mixed(Kind::Increase, w, row, cx);
}

fn extended(w: &Windows<'_>, extension: Extension, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::extended(Kind::Increase, w, extension, row, cx);
}
