//! `timestamp`, `start_timestamp`

use promqlite_model::ValueType::Vector;

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static TIMESTAMP: Function = stable(
    "timestamp",
    &[Vector],
    Vector,
    MetricNameRule::Drop,
    Kernel::Timestamp,
    Doc { summary: "The Unix time in seconds of each selected sample.", example: "time() - timestamp(up)" },
);

pub(super) static START_TIMESTAMP: Function = Function {
    name: "start_timestamp",
    experimental: true,
    args: &[Vector],
    variadic: 0,
    returns: Vector,
    metric_name: MetricNameRule::Drop,
    doc: Doc {
        summary: "The Unix time in seconds at which each selected counter sample started from zero, 0 where unknown.",
        example: "start_timestamp(http_requests_total)",
    },
    kernel: Kernel::StartTimestamp,
};
