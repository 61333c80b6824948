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
    let text = format!("{v:e}");
    let (mantissa, exponent) = text.split_once('e').expect("LowerExp prints an exponent");
    let exponent: i32 = exponent.parse().expect("LowerExp prints a decimal exponent");
    if (-4..6).contains(&exponent) {
        return format!("{v}");
    }
    with_exponent(mantissa, exponent)
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
    if text.contains('e') { f(&format!("{v}")) } else { f(text.strip_suffix(".0").unwrap_or(text)) }
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
    }

    proptest::proptest! {
        /// The two ways to the shortest digits agree.
        #[test]
        fn plain_floats_as_rust_prints_them(
            bits in proptest::num::u64::ANY,
            whole in -10_000_000_000_i64..10_000_000_000,
            scale in 0_i32..20,
        ) {
            for v in [f64::from_bits(bits), whole as f64 / 10_f64.powi(scale), whole as f64 * 10_f64.powi(scale)] {
                if v.is_finite() {
                    proptest::prop_assert_eq!(float_plain(v), format!("{}", v));
                }
            }
        }
    }

    #[test]
    fn strings_as_go_quotes_them() {
        assert_eq!(quote("a\"b\\\n\t\x01é\u{200b}"), "\"a\\\"b\\\\\\n\\t\\x01é\\u200b\"");
    }
}
