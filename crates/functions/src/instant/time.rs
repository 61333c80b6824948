//! `time`

use promqlite_model::ValueType::Scalar;

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static TIME: Function = stable(
    "time",
    &[],
    Scalar,
    MetricNameRule::Drop,
    Kernel::Time,
    Doc { summary: "The evaluation time as a Unix time in seconds.", example: "time()" },
);
