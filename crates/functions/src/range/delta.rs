//! `delta`

use promqlite_model::{RowMut, ValueType};

use super::counter::{self, Kind};
use crate::{
    Doc, Extension, ExtensionSupport, Function, Kernel, MetricNameRule, RangeCx, RangeKernel, Windows,
};

/// `delta`
pub(super) static DELTA: Function = Function {
    name: "delta",
    experimental: false,
    args: &[ValueType::Matrix],
    variadic: 0,
    returns: ValueType::Vector,
    metric_name: MetricNameRule::Drop,
    doc: Doc {
        summary: "Difference between the last and the first value of a gauge, extrapolated to the edges of the range.",
        example: "delta(temperature_celsius[2h])",
    },
    kernel: Kernel::Range(RangeKernel {
        floats,
        mixed,
        extended: ExtensionSupport::Both(extended),
        start_times: false,
        counter: false,
    }),
};

fn floats(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::floats(Kind::Delta, w, row, cx);
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::mixed(Kind::Delta, w, row, cx);
}

fn extended(w: &Windows<'_>, extension: Extension, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    counter::extended(Kind::Delta, w, extension, row, cx);
}
