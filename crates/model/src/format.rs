//! Numbers and strings as Go prints them: Prometheus' texts are built from these forms.

use std::fmt::Write as _;

/// Go's `%g` with the shortest digits that read back: exponent form when the decimal exponent is below −4 or
/// at least 6, with two exponent digits or more.
///
/// Examples: `100000`, `1e+06`, `1e-05`, `0.0001`, `+Inf`, `NaN`.
#[must_use]
pub fn float_g(v: f64) -> String {
    if let Some(special) = special(v) {
        return special.into();
    }
    let Decimal { negative, digits, point } = shortest(zmij::Buffer::new().format_finite(v));
    let exponent = point - 1;
    if (-4..6).contains(&exponent) {
        return float_plain(v);
    }
    let sign = if negative { "-" } else { "" };
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    with_exponent(&format!("{sign}{first}{dot}{rest}"), exponent)
}

/// Shortest digits that read back, never an exponent: Go's `'f', -1`, the form of sample values in text.
#[must_use]
pub fn float_plain(v: f64) -> String {
    with_float_plain(v, str::to_owned)
}

/// Calls `f` with the text that [`float_plain`] returns, which mostly needs no allocation.
pub fn with_float_plain<R>(v: f64, f: impl FnOnce(&str) -> R) -> R {
    if let Some(special) = special(v) {
        return f(special);
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(v);
    // Very large and very small numbers have an exponent there.
    if text.contains('e') { f(&shortest(text).plain()) } else { f(text.strip_suffix(".0").unwrap_or(text)) }
}

/// A number as its shortest digits that read back, ties to even as in Go. Rust's own printing rounds ties up.
struct Decimal {
    negative: bool,
    /// Without zeros at the ends; `0` alone for zero.
    digits: String,
    /// How many of the digits stand before the point; zeros are missing where it lies outside of them.
    point: i32,
}

/// Reads `12.5`, `1.25e30`, `-1e-7`.
fn shortest(text: &str) -> Decimal {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().expect("invariant: the exponent is a number");
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let point = whole.len() as i32 + exponent - (all.len() - digits.len()) as i32;
    match digits.trim_end_matches('0') {
        "" => Decimal { negative, digits: "0".to_owned(), point: 1 },
        digits => Decimal { negative, digits: digits.to_owned(), point },
    }
}

impl Decimal {
    fn plain(&self) -> String {
        let Self { negative, digits, point } = self;
        let sign = if *negative { "-" } else { "" };
        let zeros = |n: i32| "0".repeat(n.unsigned_abs() as usize);
        let len = digits.len() as i32;
        match *point {
            point if point <= 0 => format!("{sign}0.{}{digits}", zeros(point)),
            point if point >= len => format!("{sign}{digits}{}", zeros(point - len)),
            point => format!("{sign}{}.{}", &digits[..point as usize], &digits[point as usize..]),
        }
    }
}

/// A string in double quotes with Go's escapes (`%q`).
#[must_use]
pub fn quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if c.is_ascii_control() => write!(out, "\\x{:02x}", c as u32).expect("writing to a string"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x1_0000 => write!(out, "\\u{:04x}", c as u32).expect("writing to a string"),
            c => write!(out, "\\U{:08x}", c as u32).expect("writing to a string"),
        }
    }
    out.push('"');
    out
}

fn special(v: f64) -> Option<&'static str> {
    if v.is_nan() {
        Some("NaN")
    } else if v.is_infinite() {
        Some(if v > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

fn with_exponent(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// Go's `strconv.IsPrint`, by way of Rust's own escape rule, which follows the same Unicode tables.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    // Rust escapes grapheme extenders although they print; Go does not, so ask only for the general rule.
    let mut escaped = format!("x{c}").escape_debug().to_string();
    escaped.remove(0);
    escaped.starts_with(c) && !(c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_prints_them() {
        for (v, g) in [
            (1.0, "1"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (123_456.7, "123456.7"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1e100, "1e+100"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float_g(v), g);
        }
        assert_eq!(float_plain(1e21), "1000000000000000000000");
        assert_eq!(float_plain(1e-7), "0.0000001");
        // Halfway between .2 and .3: the even digit, as Go has it.
        let tie = 582_865_199_107_104.0 + 0.25;
        assert_eq!(float_plain(-tie), "-582865199107104.2");
        assert_eq!(float_g(tie), "5.828651991071042e+14");
        assert_eq!(float_plain(-5e-324), format!("-0.{}5", "0".repeat(323)));
    }

    proptest::proptest! {
        /// As many digits as Rust prints, the same ones but for ties, and they read back.
        #[test]
        fn plain_floats_are_the_shortest_that_read_back(
            bits in proptest::num::u64::ANY,
            whole in -10_000_000_000_i64..10_000_000_000,
            scale in 0_i32..20,
        ) {
            for v in [f64::from_bits(bits), whole as f64 / 10_f64.powi(scale), whole as f64 * 10_f64.powi(scale)] {
                if v.is_finite() {
                    let (ours, rust) = (float_plain(v), format!("{v}"));
                    proptest::prop_assert_eq!(ours.len(), rust.len(), "{} and {}", ours, rust);
                    for text in [ours.clone(), float_g(v)] {
                        proptest::prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), v.to_bits(), "{}", text);
                    }
                    let last = |text: &str| text.bytes().rposition(|b| b != b'0').unwrap();
                    proptest::prop_assert_eq!(&ours[..last(&ours)], &rust[..last(&rust)]);
                }
            }
        }
    }

    #[test]
    fn strings_as_go_quotes_them() {
        assert_eq!(quote("a\"b\\\n\t\x01é\u{200b}"), "\"a\\\"b\\\\\\n\\t\\x01é\\u200b\"");
    }
}
