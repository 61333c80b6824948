//! `clamp`, `clamp_min`, `clamp_max`

use promqlite_model::ValueType::{self, Scalar, Vector};

use super::extremes::{larger, smaller};
use super::stable;
use crate::{Doc, Function, Kernel, MapArgsFn, MetricNameRule};

const fn clamping(name: &'static str, args: &'static [ValueType], f: MapArgsFn, doc: Doc) -> Function {
    stable(name, args, Vector, MetricNameRule::Drop, Kernel::MapArgs(f), doc)
}

pub(super) static CLAMP: Function = clamping(
    "clamp",
    &[Vector, Scalar, Scalar],
    clamp,
    Doc {
        summary: "Values below the lower bound become it, values above the upper bound become that; empty when the bounds cross.",
        example: "clamp(vector(100), -25, 75)",
    },
);

fn clamp(values: &mut [f64], valid: &mut [u64], args: &[&[f64]]) {
    let (lower, upper) = (args[0], args[1]);
    for (step, value) in values.iter_mut().enumerate() {
        if upper[step] < lower[step] {
            valid[step / 64] &= !(1 << (step % 64));
        } else {
            *value = larger(lower[step], smaller(upper[step], *value));
        }
    }
}

pub(super) static CLAMP_MIN: Function = clamping(
    "clamp_min",
    &[Vector, Scalar],
    |values, _, args| {
        for (value, &lower) in values.iter_mut().zip(args[0]) {
            *value = larger(lower, *value);
        }
    },
    Doc { summary: "Values below the bound become the bound.", example: "clamp_min(vector(-50), -25)" },
);

pub(super) static CLAMP_MAX: Function = clamping(
    "clamp_max",
    &[Vector, Scalar],
    |values, _, args| {
        for (value, &upper) in values.iter_mut().zip(args[0]) {
            *value = smaller(upper, *value);
        }
    },
    Doc { summary: "Values above the bound become the bound.", example: "clamp_max(vector(100), 75)" },
);

#[cfg(test)]
mod tests {
    use super::*;

    fn run(function: &Function, value: f64, args: &[f64]) -> Option<f64> {
        let Kernel::MapArgs(f) = function.kernel else { unreachable!("invariant: clamps take arguments") };
        let (mut values, mut valid) = ([value], [1]);
        let rows: Vec<&[f64]> = args.iter().map(std::slice::from_ref).collect();
        f(&mut values, &mut valid, &rows);
        (valid[0] == 1).then_some(values[0])
    }

    #[test]
    fn bounds() {
        assert_eq!(run(&CLAMP, 100.0, &[-25.0, 75.0]), Some(75.0));
        assert_eq!(run(&CLAMP, -100.0, &[-25.0, 75.0]), Some(-25.0));
        assert_eq!(run(&CLAMP, 0.0, &[75.0, -25.0]), None);
        assert!(run(&CLAMP, 0.0, &[f64::NAN, 1.0]).is_some_and(f64::is_nan));
        assert!(run(&CLAMP, 0.0, &[0.0, f64::NAN]).is_some_and(f64::is_nan));
        assert_eq!(run(&CLAMP_MIN, -50.0, &[-25.0]), Some(-25.0));
        assert_eq!(run(&CLAMP_MAX, 100.0, &[75.0]), Some(75.0));
        assert_eq!(run(&CLAMP_MAX, f64::NAN, &[f64::NEG_INFINITY]), Some(f64::NEG_INFINITY));
        assert!(run(&CLAMP_MIN, 100.0, &[f64::NAN]).is_some_and(f64::is_nan));
    }
}
