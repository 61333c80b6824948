//! Element-wise mathematics: `abs`, `ceil`, `exp`, `floor`, `ln`, `log10`, `log2`, `sgn`, `sqrt`.

use super::{each, elementwise};
use crate::{Doc, Function};

pub(super) static ABS: Function = elementwise(
    "abs",
    |values| each(values, f64::abs),
    Doc { summary: "Absolute value.", example: "abs(vector(-2.5))" },
);

pub(super) static CEIL: Function = elementwise(
    "ceil",
    |values| each(values, f64::ceil),
    Doc { summary: "Rounds up to a whole number.", example: "ceil(vector(1.2))" },
);

pub(super) static FLOOR: Function = elementwise(
    "floor",
    |values| each(values, f64::floor),
    Doc { summary: "Rounds down to a whole number.", example: "floor(vector(1.8))" },
);

pub(super) static EXP: Function = elementwise(
    "exp",
    |values| each(values, f64::exp),
    Doc { summary: "Exponential function, e to the power of the value.", example: "exp(vector(1))" },
);

pub(super) static LN: Function = elementwise(
    "ln",
    |values| each(values, f64::ln),
    Doc { summary: "Natural logarithm; -Inf at 0 and NaN below.", example: "ln(vector(10))" },
);

pub(super) static LOG2: Function = elementwise(
    "log2",
    |values| each(values, f64::log2),
    Doc { summary: "Binary logarithm; -Inf at 0 and NaN below.", example: "log2(vector(8))" },
);

pub(super) static LOG10: Function = elementwise(
    "log10",
    |values| each(values, f64::log10),
    Doc { summary: "Decimal logarithm; -Inf at 0 and NaN below.", example: "log10(vector(1000))" },
);

pub(super) static SQRT: Function = elementwise(
    "sqrt",
    |values| each(values, f64::sqrt),
    Doc { summary: "Square root; NaN below 0.", example: "sqrt(vector(9))" },
);

pub(super) static SGN: Function = elementwise(
    "sgn",
    |values| {
        each(values, |v| {
            if v < 0.0 {
                -1.0
            } else if v > 0.0 {
                1.0
            } else {
                v
            }
        })
    },
    Doc { summary: "Sign: -1, 0 or 1; NaN stays NaN.", example: "sgn(vector(-50))" },
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kernel;

    fn run(function: &Function, value: f64) -> f64 {
        let Kernel::Map(f) = function.kernel else { unreachable!("invariant: elementwise functions map") };
        let mut values = [value];
        f(&mut values);
        values[0]
    }

    #[test]
    fn known_values() {
        for (function, value, expected) in [
            (&ABS, -2.5, 2.5),
            (&CEIL, -2.5, -2.0),
            (&FLOOR, -2.5, -3.0),
            (&EXP, 1.0, std::f64::consts::E),
            (&SQRT, 9.0, 3.0),
            (&LN, 10.0, std::f64::consts::LN_10),
            (&LOG2, 8.0, 3.0),
            (&LOG10, 1000.0, 3.0),
            (&LN, 0.0, f64::NEG_INFINITY),
            (&SGN, -50.0, -1.0),
            (&SGN, 0.1, 1.0),
        ] {
            assert!(
                (run(function, value) - expected).abs() < 1e-15 || run(function, value) == expected,
                "{}",
                function.name
            );
        }
    }

    #[test]
    fn outside_the_domain() {
        assert!([&LN, &LOG2, &LOG10, &SQRT].iter().all(|f| run(f, -1.0).is_nan()));
        assert!(run(&SGN, f64::NAN).is_nan());
        assert!(run(&SGN, -0.0).is_sign_negative());
    }
}
