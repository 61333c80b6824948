//! `scalar`

use promqlite_model::ValueType::{Scalar, Vector};

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static SCALAR: Function = stable(
    "scalar",
    &[Vector],
    Scalar,
    MetricNameRule::Drop,
    Kernel::ScalarOfVector,
    Doc {
        summary: "The value of a vector that has exactly one float, else NaN.",
        example: "scalar(vector(1))",
    },
);
