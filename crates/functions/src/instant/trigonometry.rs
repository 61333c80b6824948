//! Element-wise trigonometry in radians, and `deg`/`rad`.

use super::{each, elementwise};
use crate::{Doc, Function};

pub(super) static SIN: Function = elementwise(
    "sin",
    |values| each(values, f64::sin),
    Doc { summary: "Sine of radians.", example: "sin(vector(1))" },
);

pub(super) static COS: Function = elementwise(
    "cos",
    |values| each(values, f64::cos),
    Doc { summary: "Cosine of radians.", example: "cos(vector(1))" },
);

pub(super) static TAN: Function = elementwise(
    "tan",
    |values| each(values, f64::tan),
    Doc { summary: "Tangent of radians.", example: "tan(vector(1))" },
);

pub(super) static ASIN: Function = elementwise(
    "asin",
    |values| each(values, f64::asin),
    Doc { summary: "Arc sine in radians; NaN outside -1 to 1.", example: "asin(vector(0.5))" },
);

pub(super) static ACOS: Function = elementwise(
    "acos",
    |values| each(values, f64::acos),
    Doc { summary: "Arc cosine in radians; NaN outside -1 to 1.", example: "acos(vector(0.5))" },
);

pub(super) static ATAN: Function = elementwise(
    "atan",
    |values| each(values, f64::atan),
    Doc { summary: "Arc tangent in radians.", example: "atan(vector(1))" },
);

pub(super) static SINH: Function = elementwise(
    "sinh",
    |values| each(values, f64::sinh),
    Doc { summary: "Hyperbolic sine.", example: "sinh(vector(1))" },
);

pub(super) static COSH: Function = elementwise(
    "cosh",
    |values| each(values, f64::cosh),
    Doc { summary: "Hyperbolic cosine.", example: "cosh(vector(1))" },
);

pub(super) static TANH: Function = elementwise(
    "tanh",
    |values| each(values, f64::tanh),
    Doc { summary: "Hyperbolic tangent.", example: "tanh(vector(1))" },
);

pub(super) static ASINH: Function = elementwise(
    "asinh",
    |values| each(values, asinh),
    Doc { summary: "Inverse hyperbolic sine.", example: "asinh(vector(1))" },
);

pub(super) static ACOSH: Function = elementwise(
    "acosh",
    |values| each(values, acosh),
    Doc { summary: "Inverse hyperbolic cosine; NaN below 1.", example: "acosh(vector(2))" },
);

pub(super) static ATANH: Function = elementwise(
    "atanh",
    |values| each(values, f64::atanh),
    Doc { summary: "Inverse hyperbolic tangent; NaN outside -1 to 1.", example: "atanh(vector(0.5))" },
);

pub(super) static DEG: Function = elementwise(
    "deg",
    |values| each(values, |v| v * 180.0 / std::f64::consts::PI),
    Doc { summary: "Radians to degrees.", example: "deg(vector(3.14159265))" },
);

pub(super) static RAD: Function = elementwise(
    "rad",
    |values| each(values, |v| v * std::f64::consts::PI / 180.0),
    Doc { summary: "Degrees to radians.", example: "rad(vector(180))" },
);

/// From here on the square root in the textbook formulas is the value itself, and doubling could overflow.
const LARGE: f64 = (1_u64 << 28) as f64;

fn asinh(v: f64) -> f64 {
    if v.abs() > LARGE { (v.abs().ln() + std::f64::consts::LN_2).copysign(v) } else { v.asinh() }
}

fn acosh(v: f64) -> f64 {
    if v > LARGE { v.ln() + std::f64::consts::LN_2 } else { v.acosh() }
}

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
            (&SIN, 10.0, -0.544_021_110_889),
            (&COS, 10.0, -0.839_071_529_076),
            (&TAN, 10.0, 0.648_360_827_459),
            (&ATAN, 10.0, 1.471_127_674_304),
            (&SINH, 10.0, 11_013.232_874_703),
            (&COSH, 10.0, 11_013.232_920_103),
            (&TANH, 10.0, 0.999_999_995_878),
            (&ASINH, 10.0, 2.998_222_950_298),
            (&ACOSH, 10.0, 2.993_222_846_126),
            (&ASIN, -0.1, -0.100_167_421_162),
            (&ACOS, -0.1, 1.670_963_747_956),
            (&ATANH, -0.1, -0.100_335_347_731),
            (&ACOSH, 1e308, 709.889_355_822_726),
            (&ASINH, -1e308, -709.889_355_822_726),
            (&DEG, std::f64::consts::PI, 180.0),
            (&RAD, 180.0, std::f64::consts::PI),
        ] {
            let got = run(function, value);
            assert!(
                (got - expected).abs() <= 1e-12 * expected.abs().max(1.0),
                "{}({value}) = {got}",
                function.name
            );
        }
    }

    #[test]
    fn outside_the_domain() {
        assert!(run(&ASIN, 10.0).is_nan());
        assert!(run(&ACOS, -2.0).is_nan());
        assert!(run(&ACOSH, 0.5).is_nan());
        assert!(run(&ATANH, 1.5).is_nan());
        assert_eq!(run(&ATANH, 1.0), f64::INFINITY);
        assert_eq!(run(&ASINH, f64::NEG_INFINITY), f64::NEG_INFINITY);
    }
}
