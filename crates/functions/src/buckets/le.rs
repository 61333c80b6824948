//! Numbers in labels: the bounds of buckets, and the quantiles of `histogram_quantiles`.

use promqlite_model::float_g;

/// The bound in a label `le`: a decimal or hexadecimal float, `NaN`, or `Inf`/`Infinity` in any case with or
/// without sign. `None` for everything else, numbers beyond the range of a float included.
#[must_use]
pub fn parse_le(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let value = match unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        Some(digits) => parse_hex(digits)?,
        None => parse_decimal(unsigned)?,
    };
    let value = if text.starts_with('-') { -value } else { value };
    value.is_finite().then_some(value)
}

fn parse_decimal(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return text.parse().ok();
    }
    // As in Go's literals, single underscores may stand between digits.
    let bytes = text.as_bytes();
    let between_digits =
        |i: usize| i > 0 && bytes[i - 1].is_ascii_digit() && bytes.get(i + 1).is_some_and(u8::is_ascii_digit);
    let separates = bytes.iter().enumerate().all(|(i, &b)| b != b'_' || between_digits(i));
    if separates { text.replace('_', "").parse().ok() } else { None }
}

/// A hexadecimal mantissa with a binary exponent, both required, `0x` gone: `1.8p3` is 12.
fn parse_hex(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut exponent: i64 =
        exponent.parse().unwrap_or(if exponent.starts_with('-') { -1 << 40 } else { 1 << 40 });
    exponent = exponent.clamp(-1 << 40, 1 << 40);
    // Keeps 124 bits and remembers in the lowest whether anything behind them was not 0.
    let (mut bits, mut seen_digit, mut seen_point): (u128, bool, bool) = (0, false, false);
    for c in mantissa.chars() {
        if c == '.' && !seen_point {
            seen_point = true;
            continue;
        }
        let digit = u128::from(c.to_digit(16)?);
        seen_digit = true;
        if bits >> 120 == 0 {
            bits = bits << 4 | digit;
            exponent -= if seen_point { 4 } else { 0 };
        } else {
            bits |= u128::from(digit != 0);
            exponent += if seen_point { 0 } else { 4 };
        }
    }
    seen_digit.then(|| scale(bits, exponent))
}

/// `bits` · 2^`exponent`, rounded once, half to even.
fn scale(bits: u128, exponent: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let length = 128 - i64::from(bits.leading_zeros());
    // The weight of the lowest bit that the result can hold.
    let lowest = (exponent + length - 53).max(-1074);
    let drop = lowest - exponent;
    if exponent + length > 1024 {
        return f64::INFINITY;
    }
    let kept = if drop <= 0 {
        (bits << -drop) as u64
    } else if drop >= 128 {
        0
    } else {
        let (kept, rest, half) = (bits >> drop, bits & ((1 << drop) - 1), 1_u128 << (drop - 1));
        let up = rest > half || rest == half && kept & 1 == 1;
        (kept + u128::from(up)) as u64
    };
    // Every product is exact, unless the whole overflows: only the last one may lie below the normal numbers.
    let power = |e: i64| f64::from_bits(((e + 1023) as u64) << 52);
    let first = lowest.max(-1022);
    kept as f64 * power(first) * power(lowest - first)
}

/// The label of quantile `q` in `histogram_quantiles`: `0.95`, `1.0`, `NaN`, `+Inf`.
#[must_use]
pub fn quantile_label(q: f64) -> String {
    let text = float_g(q);
    if !q.is_finite() || text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds() {
        for (text, expected) in [
            ("0.5", 0.5),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+1", 1.0),
            ("-1E-2", -0.01),
            ("Inf", f64::INFINITY),
            ("+inf", f64::INFINITY),
            ("-INFINITY", f64::NEG_INFINITY),
            ("0x1p-2", 0.25),
            ("0X1.8P+3", 12.0),
            ("-0x.8p1", -1.0),
            ("0x1p-1074", f64::from_bits(1)),
            ("0x1p-1075", 0.0),
            ("0x1.8p-1074", f64::from_bits(2)),
            ("0x1.fffffffffffff7p1023", f64::MAX),
            ("1_000", 1000.0),
        ] {
            assert_eq!(parse_le(text), Some(expected), "{text}");
        }
        assert!(parse_le("nan").is_some_and(f64::is_nan));
    }

    #[test]
    fn not_numbers() {
        for text in [
            "",
            "+",
            "x",
            "1e400",
            "-1e400",
            "+NaN",
            "1 ",
            " 1",
            "0x1",
            "0x",
            "0xp1",
            "0x1p",
            "0x1p1024",
            "1__0",
            "_1",
            "1_",
            "1e",
            "--1",
            "0x1.fffffffffffff8p1023",
            "infinit",
            ".",
        ] {
            assert_eq!(parse_le(text), None, "{text}");
        }
    }

    #[test]
    fn labels_of_quantiles() {
        for (q, label) in [
            (0.0, "0.0"),
            (0.95, "0.95"),
            (1.0, "1.0"),
            (-1.0, "-1.0"),
            (1e-7, "1e-07"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(quantile_label(q), label);
        }
    }

    proptest! {
        #[test]
        fn decimal_and_hexadecimal_texts_read_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(parse_le(&format!("{value:e}")), Some(value));
            let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i64);
            let sign = if value.is_sign_negative() { "-" } else { "" };
            let (lead, exponent) = if exponent == 0 { (0, -1022) } else { (1, exponent - 1023) };
            prop_assert_eq!(parse_le(&format!("{sign}0x{lead}.{fraction:013x}p{exponent}")), Some(value));
        }

        #[test]
        fn never_panics(text in "[+-]?(0x)?[0-9a-f._]{0,40}([ep][+-]?[0-9]{0,20})?") {
            let _ = parse_le(&text);
        }
    }
}
