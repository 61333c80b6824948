//! `max_of`, `min_of`

use promqlite_model::ValueType::Scalar;

use super::extremes::{larger, smaller};
use crate::{Doc, Function, Kernel, MetricNameRule};

const fn pair(name: &'static str, f: fn(f64, f64) -> f64, doc: Doc) -> Function {
    Function {
        name,
        experimental: true,
        args: &[Scalar, Scalar],
        variadic: 0,
        returns: Scalar,
        metric_name: MetricNameRule::Drop,
        doc,
        kernel: Kernel::ScalarPair(f),
    }
}

pub(super) static MAX_OF: Function =
    pair("max_of", larger, Doc { summary: "The larger of two numbers.", example: "max_of(1, 2)" });

pub(super) static MIN_OF: Function =
    pair("min_of", smaller, Doc { summary: "The smaller of two numbers.", example: "min_of(1, 2)" });
