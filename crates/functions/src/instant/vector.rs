//! `vector`

use promqlite_model::ValueType::{Scalar, Vector};

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static VECTOR: Function = stable(
    "vector",
    &[Scalar],
    Vector,
    MetricNameRule::Drop,
    Kernel::VectorOfScalar,
    Doc { summary: "A number as a vector of one element without labels.", example: "vector(1)" },
);
