//! Functions of instant vectors and scalars.
//!
//! A file per function, or per family whose members differ by one expression.

mod absent;
mod calendar;
mod civil;
mod clamp;
mod classic_histogram;
mod extremes;
mod histogram_parts;
mod info;
mod label_join;
mod label_replace;
mod math;
mod max_of;
mod natural_order;
mod pi;
mod query_range;
mod round;
mod scalar;
mod sort;
mod sort_by_label;
mod time;
mod timestamp;
mod trigonometry;
mod vector;

use promqlite_model::ValueType::{self, Vector};

pub use natural_order::natural_order;

use crate::{Doc, Function, Kernel, MapFn, MetricNameRule};

/// All of them.
pub(crate) static ALL: &[&Function] = &[
    &absent::ABSENT,
    &calendar::DAY_OF_MONTH,
    &calendar::DAY_OF_WEEK,
    &calendar::DAY_OF_YEAR,
    &calendar::DAYS_IN_MONTH,
    &calendar::HOUR,
    &calendar::MINUTE,
    &calendar::MONTH,
    &calendar::YEAR,
    &clamp::CLAMP,
    &clamp::CLAMP_MAX,
    &clamp::CLAMP_MIN,
    &classic_histogram::HISTOGRAM_FRACTION,
    &classic_histogram::HISTOGRAM_QUANTILE,
    &classic_histogram::HISTOGRAM_QUANTILES,
    &histogram_parts::HISTOGRAM_AVG,
    &histogram_parts::HISTOGRAM_COUNT,
    &histogram_parts::HISTOGRAM_STDDEV,
    &histogram_parts::HISTOGRAM_STDVAR,
    &histogram_parts::HISTOGRAM_SUM,
    &info::INFO,
    &label_join::LABEL_JOIN,
    &label_replace::LABEL_REPLACE,
    &math::ABS,
    &math::CEIL,
    &math::EXP,
    &math::FLOOR,
    &math::LN,
    &math::LOG10,
    &math::LOG2,
    &math::SGN,
    &math::SQRT,
    &max_of::MAX_OF,
    &max_of::MIN_OF,
    &pi::PI,
    &query_range::END,
    &query_range::RANGE,
    &query_range::START,
    &query_range::STEP,
    &round::ROUND,
    &scalar::SCALAR,
    &sort::SORT,
    &sort::SORT_DESC,
    &sort_by_label::SORT_BY_LABEL,
    &sort_by_label::SORT_BY_LABEL_DESC,
    &time::TIME,
    &timestamp::START_TIMESTAMP,
    &timestamp::TIMESTAMP,
    &trigonometry::ACOS,
    &trigonometry::ACOSH,
    &trigonometry::ASIN,
    &trigonometry::ASINH,
    &trigonometry::ATAN,
    &trigonometry::ATANH,
    &trigonometry::COS,
    &trigonometry::COSH,
    &trigonometry::DEG,
    &trigonometry::RAD,
    &trigonometry::SIN,
    &trigonometry::SINH,
    &trigonometry::TAN,
    &trigonometry::TANH,
    &vector::VECTOR,
];

/// A function with a fixed number of arguments that every Prometheus offers.
const fn stable(
    name: &'static str,
    args: &'static [ValueType],
    returns: ValueType,
    metric_name: MetricNameRule,
    kernel: Kernel,
    doc: Doc,
) -> Function {
    Function { name, experimental: false, args, variadic: 0, returns, metric_name, doc, kernel }
}

/// A function that maps each float of a vector to another.
const fn elementwise(name: &'static str, f: MapFn, doc: Doc) -> Function {
    stable(name, &[Vector], Vector, MetricNameRule::Drop, Kernel::Map(f), doc)
}

/// Applies `f` to all numbers in place.
#[inline(always)]
fn each(values: &mut [f64], f: impl Fn(f64) -> f64) {
    for value in values {
        *value = f(*value);
    }
}
