//! `pi`

use promqlite_model::ValueType::Scalar;

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static PI: Function = stable(
    "pi",
    &[],
    Scalar,
    MetricNameRule::Drop,
    Kernel::Constant(std::f64::consts::PI),
    Doc { summary: "The number π.", example: "pi()" },
);
