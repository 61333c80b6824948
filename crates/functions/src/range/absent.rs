//! `absent_over_time`

use promqlite_model::ValueType;

use crate::{Doc, Function, Kernel, MetricNameRule};

/// `absent_over_time`
pub(super) static ABSENT: Function = Function {
    name: "absent_over_time",
    experimental: false,
    args: &[ValueType::Matrix],
    variadic: 0,
    returns: ValueType::Vector,
    metric_name: MetricNameRule::Drop,
    doc: Doc {
        summary: "1 where no series has a sample in the range, labelled with what the selector fixes.",
        example: "absent_over_time(up{job=\"nope\"}[5m])",
    },
    kernel: Kernel::AbsentOverTime,
};
