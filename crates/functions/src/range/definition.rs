//! How most range functions are declared.

use promqlite_model::ValueType;
use promqlite_model::ValueType::{Matrix, Scalar, Vector};

use crate::{Doc, ExtensionSupport, Function, Kernel, MetricNameRule, RangeFn, RangeKernel};

/// A function of one range vector that drops names.
pub(super) const fn of_range(
    name: &'static str,
    summary: &'static str,
    example: &'static str,
    floats: RangeFn,
    mixed: RangeFn,
) -> Function {
    Function {
        name,
        experimental: false,
        args: &[Matrix],
        variadic: 0,
        returns: Vector,
        metric_name: MetricNameRule::Drop,
        doc: Doc { summary, example },
        kernel: Kernel::Range(RangeKernel {
            floats,
            mixed,
            extended: ExtensionSupport::No,
            start_times: false,
            counter: false,
        }),
    }
}

/// The same function, hidden behind `promql-experimental-functions`.
pub(super) const fn experimental(function: Function) -> Function {
    Function { experimental: true, ..function }
}

/// The same function, keeping names.
pub(super) const fn keeping_names(function: Function) -> Function {
    Function { metric_name: MetricNameRule::Keep, ..function }
}

/// The same function with other arguments.
pub(super) const fn taking(args: &'static [ValueType], function: Function) -> Function {
    Function { args, ..function }
}

/// A range vector, then a number.
pub(super) const RANGE_NUMBER: &[ValueType] = &[Matrix, Scalar];
/// A range vector, then two numbers.
pub(super) const RANGE_TWO_NUMBERS: &[ValueType] = &[Matrix, Scalar, Scalar];
/// A number, then a range vector.
pub(super) const NUMBER_RANGE: &[ValueType] = &[Scalar, Matrix];
