//! Numbers as Go reads and prints them.

use thiserror::Error;

use crate::quote::go_quote;

/// Why a text is no number.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum NumberError {
    /// The text is no number.
    #[error("strconv.{}: parsing {}: invalid syntax", .function, go_quote(.text.as_bytes()))]
    Syntax {
        /// The Go function that Prometheus' message names.
        function: &'static str,
        /// The faulty text.
        text: String,
    },
    /// The number is too large.
    #[error("strconv.{}: parsing {}: value out of range", .function, go_quote(.text.as_bytes()))]
    Range {
        /// The Go function that Prometheus' message names.
        function: &'static str,
        /// The faulty text.
        text: String,
    },
}

/// Whether every `_` stands between two digits; a base prefix counts as one.
fn underscores_fit(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let (mut last, skip) = if hex { (b'0', 2) } else { (b'^', 0) };
    for &byte in &bytes[skip..] {
        if byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit()) {
            last = b'0';
        } else if byte == b'_' {
            if last != b'0' {
                return false;
            }
            last = b'_';
        } else {
            if last == b'_' {
                return false;
            }
            last = b'!';
        }
    }
    last != b'_'
}

/// Reads a number literal: hexadecimal, octal with a leading zero, decimal, float, `Inf` or `NaN` in any case;
/// `_` may separate digits.
pub fn parse_number(text: &str) -> Result<f64, NumberError> {
    let syntax = || NumberError::Syntax { function: "ParseFloat", text: text.to_owned() };
    if !underscores_fit(text) {
        return Err(syntax());
    }
    let plain = if text.contains('_') { &text.replace('_', "") } else { text };
    let (digits, base) = match plain.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&plain[2..], 16),
        [b'0', _, ..] => (&plain[1..], 8),
        _ => (plain, 10),
    };
    if digits.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && let Ok(value) = i64::from_str_radix(digits, base)
    {
        return Ok(value as f64);
    }
    match plain.to_ascii_lowercase().as_str() {
        "inf" => return Ok(f64::INFINITY),
        "nan" => return Ok(f64::NAN),
        _ if base == 16 || !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            return Err(syntax());
        }
        _ => {}
    }
    let value: f64 = plain.parse().map_err(|_| syntax())?;
    if value.is_infinite() {
        return Err(NumberError::Range { function: "ParseFloat", text: text.to_owned() });
    }
    Ok(value)
}

/// Reads decimal digits as Go's `ParseUint` does.
pub(crate) fn parse_uint(text: &str) -> Result<u64, NumberError> {
    let text_owned = || text.to_owned();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax { function: "ParseUint", text: text_owned() });
    }
    text.parse().map_err(|_| NumberError::Range { function: "ParseUint", text: text_owned() })
}

/// The shortest decimal form without exponent that reads back to the same value; `+Inf`, `-Inf`, `NaN`, `-0`.
pub fn format_number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    }
}

/// Go's shortest `%g`: like [`format_number`], but with an exponent of at least two digits when the decimal exponent
/// is below -4 or above 5.
pub fn format_number_g(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return format_number(value);
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_have_go_values() {
        for (text, value) in [
            ("0755", 493.0),
            ("08", 8.0),
            ("0x_1f", 31.0),
            ("0xdeadbeef", 3_735_928_559.0),
            ("1_000.5", 1000.5),
            ("5.", 5.0),
            (".5", 0.5),
            ("1e-400", 0.0),
            ("99999999999999999999", 1e20),
            ("017", 15.0),
            ("0", 0.0),
            ("1e3", 1000.0),
            ("010.5", 10.5),
        ] {
            assert_eq!(parse_number(text), Ok(value), "{text}");
        }
        assert_eq!(parse_number("iNF"), Ok(f64::INFINITY));
        for text in ["0x", ".5.5", "0xfffffffffffffffffffff", "0x1e+5", "1__0", ""] {
            assert!(matches!(parse_number(text), Err(NumberError::Syntax { .. })), "{text}");
        }
        assert_eq!(
            parse_number("1e400").unwrap_err().to_string(),
            "strconv.ParseFloat: parsing \"1e400\": value out of range"
        );
    }

    #[test]
    fn forms_are_those_of_go() {
        assert_eq!(format_number(1e-7), "0.0000001");
        assert_eq!(format_number(-0.0), "-0");
        for (value, text) in [
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (1e-5, "1e-05"),
            (1e-4, "0.0001"),
            (-1e100, "-1e+100"),
        ] {
            assert_eq!(format_number_g(value), text);
        }
    }
}
