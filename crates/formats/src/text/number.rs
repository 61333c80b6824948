//! Numbers and times out of bytes: fast for what exporters write, exact for the rest.

use promqlite_model::NORMAL_NAN;

/// 10^0 … 10^22: the powers of ten that a float holds exactly.
const POW10: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// A decimal number, an infinity or a NaN, as Go's `ParseFloat` takes them, without hexadecimal forms.
/// Every NaN becomes the one that Prometheus stores. `None` for anything else and for what a float cannot hold.
#[inline]
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    fast_float(text).or_else(|| slow_float(text))
}

/// Digits with an optional point: exact when the digits fit 53 bits and the power of ten is small.
#[inline]
fn fast_float(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 17 {
        return None;
    }
    let mut mantissa = 0u64;
    let mut fraction = None;
    for (i, &b) in digits.iter().enumerate() {
        let digit = b.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + u64::from(digit);
        } else if b == b'.' && fraction.is_none() && digits.len() > 1 {
            fraction = Some(digits.len() - 1 - i);
        } else {
            return None;
        }
    }
    if mantissa >= 1 << 53 {
        return None;
    }
    let value = mantissa as f64 / POW10[fraction.unwrap_or(0)];
    Some(if negative { -value } else { value })
}

#[cold]
fn slow_float(text: &[u8]) -> Option<f64> {
    let unsigned = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    let negative = text.first() == Some(&b'-');
    if text.eq_ignore_ascii_case(b"nan") {
        return Some(NORMAL_NAN);
    }
    if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !unsigned.first().is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    // What is left are decimal forms; a finite text beyond the range of floats is an error in Go.
    std::str::from_utf8(text).ok()?.parse().ok().filter(|v: &f64| v.is_finite())
}

/// An integer number of milliseconds.
#[inline]
pub(crate) fn parse_millis(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut value = 0u64;
    for &b in digits {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    let value = i64::try_from(value).ok()?;
    Some(if negative { -value } else { value })
}

/// Decimal seconds as milliseconds, rounded to the nearest by the digits themselves; never NaN or infinite.
#[inline]
pub(crate) fn parse_seconds(text: &[u8]) -> Option<i64> {
    decimal_seconds(text).or_else(|| {
        let seconds = parse_float(text)?;
        let ms = (seconds * 1000.0).round();
        // Nothing but the range of i64 itself; f64 cannot hold its upper end.
        (-9.2e18..=9.2e18).contains(&ms).then_some(ms as i64)
    })
}

#[inline]
fn decimal_seconds(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let point = digits.iter().position(|&b| b == b'.').unwrap_or(digits.len());
    if point == 0 || point > 15 {
        return None;
    }
    let mut ms = parse_millis(&digits[..point])? * 1000;
    let fraction = digits.get(point + 1..).unwrap_or(&[]);
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    for (&b, weight) in fraction.iter().zip([100, 10, 1]) {
        ms += i64::from(b - b'0') * weight;
    }
    if fraction.get(3).is_some_and(|&b| b >= b'5') {
        ms += 1;
    }
    Some(if negative { -ms } else { ms })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_go_and_nothing_else() {
        for (text, value) in [
            ("Inf", f64::INFINITY),
            ("+inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("1e5", 1e5),
            ("+1.", 1.0),
        ] {
            assert_eq!(parse_float(text.as_bytes()), Some(value), "{text}");
        }
        assert_eq!(parse_float(b"nAn").map(f64::to_bits), Some(NORMAL_NAN.to_bits()));
        assert_eq!(parse_float(b"-0").map(f64::to_bits), Some((-0.0f64).to_bits()));
        for text in [
            "", "-", ".", "+nan", "-nan", "0x1", "1_0", "1e999", "1e", "1p1", "--1", "1.2.3", "e5", "infx",
            "١",
        ] {
            assert_eq!(parse_float(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn times_are_rounded_by_their_digits() {
        for (text, ms) in [
            ("1520879607.789", Some(1_520_879_607_789)),
            ("1.001", Some(1001)),
            ("1.0005", Some(1001)),
            ("1.00049", Some(1000)),
            ("-1.5", Some(-1500)),
            ("1.5e9", Some(1_500_000_000_000)),
            ("0", Some(0)),
            ("1.", Some(1000)),
            ("NaN", None),
            ("Inf", None),
            ("1e300", None),
            ("x", None),
        ] {
            assert_eq!(parse_seconds(text.as_bytes()), ms, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_std(v in any::<f64>().prop_filter("NaN is unequal to itself", |v| !v.is_nan())) {
            prop_assert_eq!(parse_float(format!("{v}").as_bytes()), Some(v));
            prop_assert_eq!(parse_float(format!("{v:e}").as_bytes()), Some(v));
        }

        #[test]
        fn short_decimals_agree_with_std(text in "-?[0-9]{1,9}(\\.[0-9]{0,9})?") {
            prop_assert_eq!(parse_float(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (parse_float(&bytes), parse_millis(&bytes), parse_seconds(&bytes));
        }
    }
}
