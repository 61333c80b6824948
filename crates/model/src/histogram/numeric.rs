//! Arithmetic that has to agree with Prometheus bit for bit: scaling by powers of two, logarithms, and
//! compensated sums. Logarithm and power are those of FreeBSD's msun, which Go uses too; the platform's own
//! may differ in the last bit.

use std::f64::consts::{LOG2_E, SQRT_2};

const LN2_HI: f64 = 0.693_147_180_369_123_8;
const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;

/// `fraction · 2^exponent`, rounded once. `fraction` lies in [0.5, 2).
pub(super) const fn ldexp(fraction: f64, exponent: i64) -> f64 {
    if exponent > 1024 {
        return f64::INFINITY;
    }
    if exponent > 1022 {
        return fraction * power_of_two(1022) * power_of_two(exponent - 1022);
    }
    if exponent >= -1021 {
        return fraction * power_of_two(exponent);
    }
    if exponent < -1080 {
        return 0.0;
    }
    fraction * power_of_two(-1021) * power_of_two(exponent + 1021)
}

const fn power_of_two(exponent: i64) -> f64 {
    assert!(-1022 <= exponent && exponent <= 1023, "invariant: the power of two is a normal number");
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Splits a positive finite number into a fraction in [0.5, 1) and an exponent of two.
fn frexp(v: f64) -> (f64, i64) {
    let (v, adjust) = if v < f64::MIN_POSITIVE { (v * power_of_two(52), -52) } else { (v, 0) };
    let bits = v.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1022 + adjust;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent)
}

fn ln(v: f64) -> f64 {
    let (mut fraction, mut exponent) = frexp(v);
    if fraction < SQRT_2 / 2.0 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let (f, k) = (fraction - 1.0, exponent as f64);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2
        * (0.666_666_666_666_673_5
            + s4 * (0.285_714_287_436_623_9
                + s4 * (0.181_835_721_616_180_5 + s4 * 0.147_981_986_051_165_86)));
    let even =
        s4 * (0.399_999_999_994_094_2 + s4 * (0.222_221_984_321_497_84 + s4 * 0.153_138_376_992_093_73));
    let half_square = 0.5 * f * f;
    k * LN2_HI - ((half_square - (s * (half_square + (odd + even)) + k * LN2_LO)) - f)
}

/// The binary logarithm: exact for powers of two, −∞ for 0, NaN below.
pub(super) fn log2(v: f64) -> f64 {
    if v == 0.0 || v.is_nan() || v < 0.0 || v == f64::INFINITY {
        return v.log2();
    }
    let (fraction, exponent) = frexp(v);
    if fraction == 0.5 {
        return (exponent - 1) as f64;
    }
    ln(fraction) * LOG2_E + exponent as f64
}

/// `2^v`.
pub(super) fn exp2(v: f64) -> f64 {
    if !(-1074.0..=1_023.999_999_999_999_9).contains(&v) {
        return v.exp2();
    }
    let k = (v + 0.5f64.copysign(v)) as i64;
    let t = v - k as f64;
    let (hi, lo) = (t * LN2_HI, -t * LN2_LO);
    let r = hi - lo;
    let t = r * r;
    let c = r - t
        * (0.166_666_666_666_666_02
            + t * (-0.002_777_777_777_701_559_3
                + t * (6.613_756_321_437_934e-5
                    + t * (-1.653_390_220_546_525_2e-6 + t * 4.138_136_797_057_238_5e-8))));
    let y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi);
    ldexp(y, k)
}

/// A number that sums are kept in: a plain float, or one with compensation.
pub(super) trait Cell: Copy {
    /// The cell with value `v`.
    fn new(v: f64) -> Self;
    /// Adds a float.
    fn add(&mut self, v: f64);
    /// Adds another cell.
    fn absorb(&mut self, other: Self);
    /// Multiplies by a factor.
    fn scale(&mut self, factor: f64);
    /// Divides by a divisor.
    fn divide(&mut self, divisor: f64);
    /// Whether nothing was ever counted here.
    fn is_zero(self) -> bool;
    /// The cell with what was lost in rounding so far.
    fn compensated(self) -> Kahan;
    /// Turns a compensated number into a cell.
    fn from_compensated(k: Kahan) -> Self;
}

impl Cell for f64 {
    fn new(v: f64) -> Self {
        v
    }

    fn add(&mut self, v: f64) {
        *self += v;
    }

    fn absorb(&mut self, other: Self) {
        *self += other;
    }

    fn scale(&mut self, factor: f64) {
        *self *= factor;
    }

    fn divide(&mut self, divisor: f64) {
        *self /= divisor;
    }

    fn is_zero(self) -> bool {
        self == 0.0
    }

    fn compensated(self) -> Kahan {
        Kahan::new(self)
    }

    fn from_compensated(k: Kahan) -> Self {
        k.value()
    }
}

/// A sum with Neumaier's compensation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kahan {
    pub(super) sum: f64,
    pub(super) lost: f64,
}

impl Kahan {
    pub(super) fn value(self) -> f64 {
        self.sum + self.lost
    }
}

impl Cell for Kahan {
    fn new(v: f64) -> Self {
        // Minus zero is what adding leaves every number as it is, minus zero included.
        Self { sum: v, lost: -0.0 }
    }

    fn add(&mut self, v: f64) {
        let total = self.sum + v;
        if total.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= v.abs() {
            self.lost += (self.sum - total) + v;
        } else {
            self.lost += (v - total) + self.sum;
        }
        self.sum = total;
    }

    fn absorb(&mut self, other: Self) {
        self.add(other.sum);
        self.add(other.lost);
    }

    fn scale(&mut self, factor: f64) {
        self.sum *= factor;
        self.lost *= factor;
    }

    fn divide(&mut self, divisor: f64) {
        self.sum /= divisor;
        self.lost /= divisor;
    }

    fn is_zero(self) -> bool {
        self.sum == 0.0 && self.lost == 0.0
    }

    fn compensated(self) -> Kahan {
        self
    }

    fn from_compensated(k: Kahan) -> Self {
        k
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_cover_the_whole_range() {
        assert_eq!(ldexp(0.5, 1), 1.0);
        assert_eq!(ldexp(0.5, 1024), 2f64.powi(1023));
        assert_eq!(ldexp(0.5, 1025), f64::INFINITY);
        assert_eq!(ldexp(0.999, 1024), 0.999 * 2.0 * 2f64.powi(1023));
        assert_eq!(ldexp(0.5, -1021), f64::MIN_POSITIVE);
        assert_eq!(ldexp(0.5, -1073), f64::from_bits(1));
        assert_eq!(ldexp(0.75, -1073), f64::from_bits(2));
        assert_eq!(ldexp(0.5, -1075), 0.0);
        assert_eq!(ldexp(0.5, -1_000_000), 0.0);
    }

    #[test]
    fn logarithm_and_power_are_close_and_inverse() {
        assert_eq!(log2(8.0), 3.0);
        assert_eq!(log2(f64::from_bits(1)), -1074.0);
        assert_eq!(log2(0.0), f64::NEG_INFINITY);
        assert_eq!(log2(f64::INFINITY), f64::INFINITY);
        assert!(log2(-1.0).is_nan() && log2(f64::NAN).is_nan());
        assert_eq!(exp2(-3.0), 0.125);
        assert_eq!(exp2(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp2(1024.0), f64::INFINITY);
        for i in 1..2000 {
            let v = f64::from(i) * 0.37;
            assert!((log2(v) - v.log2()).abs() <= 4e-15 * v.log2().abs().max(1.0), "{v}");
            assert!((exp2(log2(v)) - v).abs() <= 1e-14 * v, "{v}");
            let w = v - 370.0;
            assert!((exp2(w) / w.exp2() - 1.0).abs() <= 1e-15, "{w}");
        }
    }

    #[test]
    fn compensation_keeps_small_terms() {
        let mut sum = Kahan::new(1.0);
        [1e100, 1.0, -1e100].into_iter().for_each(|v| sum.add(v));
        assert_eq!(sum.value(), 2.0);
        assert_eq!(Kahan::new(-0.0).value().to_bits(), (-0.0f64).to_bits());
    }
}
