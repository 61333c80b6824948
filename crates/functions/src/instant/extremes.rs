//! The larger and the smaller of two floats, as PromQL orders them.

/// +Inf if either is +Inf, else NaN if either is NaN; 0 is larger than −0.
#[inline(always)]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// −Inf if either is −Inf, else NaN if either is NaN; −0 is smaller than 0.
#[inline(always)]
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { a } else { b }
    } else if a < b {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_beat_nan_and_zeros_have_signs() {
        assert_eq!(larger(f64::NAN, f64::INFINITY), f64::INFINITY);
        assert_eq!(smaller(f64::NEG_INFINITY, f64::NAN), f64::NEG_INFINITY);
        assert!(larger(f64::NAN, f64::NEG_INFINITY).is_nan());
        assert!(smaller(1.0, f64::NAN).is_nan());
        assert!(larger(-0.0, 0.0).is_sign_positive() && larger(0.0, -0.0).is_sign_positive());
        assert!(smaller(-0.0, 0.0).is_sign_negative() && smaller(0.0, -0.0).is_sign_negative());
        assert_eq!((larger(1.0, 2.0), smaller(1.0, 2.0)), (2.0, 1.0));
    }
}
