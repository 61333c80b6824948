//! `round`

use promqlite_model::ValueType::{Scalar, Vector};

use super::each;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static ROUND: Function = Function {
    name: "round",
    experimental: false,
    args: &[Vector, Scalar],
    variadic: 1,
    returns: Vector,
    metric_name: MetricNameRule::Drop,
    doc: Doc {
        summary: "Rounds to the nearest multiple of a number, 1 by default; halves go up.",
        example: "round(vector(5.27), 0.1)",
    },
    kernel: Kernel::MapArgs(round),
};

fn round(values: &mut [f64], _valid: &mut [u64], args: &[&[f64]]) {
    let Some(to) = args.first() else { return each(values, |v| (v + 0.5).floor()) };
    for (value, to) in values.iter_mut().zip(*to) {
        // The inverse, since a multiple like 0.1 is not exact in binary but 10 is.
        let inverse = 1.0 / to;
        *value = (*value * inverse + 0.5).floor() / inverse;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up() {
        let mut values = [2.5, -2.5, 2.4];
        round(&mut values, &mut [7], &[]);
        assert_eq!(values, [3.0, -2.0, 2.0]);
    }

    #[test]
    fn to_multiples() {
        let mut values = [5.27, 5.27, 2.0];
        round(&mut values, &mut [7], &[&[0.1, 5.0, 0.0]]);
        assert_eq!(values[..2], [5.3, 5.0]);
        assert!(values[2].is_nan());
    }
}
