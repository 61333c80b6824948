//! Durations as Prometheus writes them: `1h30m`.

use std::fmt::Write;

use thiserror::Error;

use crate::quote::go_quote;

/// Why a text is no duration.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum DurationError {
    /// Nothing to read.
    #[error("empty duration string")]
    Empty,
    /// Not digits and units in descending order.
    #[error("not a valid duration string: {}", go_quote(.0.as_bytes()))]
    Invalid(String),
    /// A unit that does not exist.
    #[error("unknown unit {} in duration {}", go_quote(.unit.as_bytes()), go_quote(.text.as_bytes()))]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// More than 2^63 - 1 ns, about 292 years.
    #[error("duration out of range")]
    OutOfRange,
}

const NS_PER_MS: u64 = 1_000_000;
const MS_PER_SECOND: u64 = 1000;
const MS_PER_MINUTE: u64 = 60 * MS_PER_SECOND;
const MS_PER_HOUR: u64 = 60 * MS_PER_MINUTE;
const MS_PER_DAY: u64 = 24 * MS_PER_HOUR;

/// A unit: its name, its length in milliseconds, and whether printing uses it only when it divides the rest exactly.
const UNITS: [(&str, u64, bool); 7] = [
    ("y", 365 * MS_PER_DAY, true),
    ("w", 7 * MS_PER_DAY, true),
    ("d", MS_PER_DAY, false),
    ("h", MS_PER_HOUR, false),
    ("m", MS_PER_MINUTE, false),
    ("s", MS_PER_SECOND, false),
    ("ms", 1, false),
];

/// Reads a duration into nanoseconds: integers with the units `y w d h m s ms`, each at most once and in this order,
/// or a plain `0`. A year has 365 days.
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    match text {
        "" => return Err(DurationError::Empty),
        "0" => return Ok(0),
        _ => {}
    }
    let invalid = || DurationError::Invalid(text.to_owned());
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let (digits, tail) = split(rest, |c| !c.is_ascii_digit());
        let amount: u64 = digits.parse().map_err(|_| invalid())?;
        let (unit, tail) = split(tail, |c| c.is_ascii_digit());
        if unit.is_empty() {
            return Err(invalid());
        }
        let Some(index) = UNITS.iter().position(|(name, ..)| *name == unit) else {
            return Err(DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() });
        };
        if index < next_unit {
            return Err(invalid());
        }
        next_unit = index + 1;
        let ns = amount.checked_mul(UNITS[index].1 * NS_PER_MS).ok_or(DurationError::OutOfRange)?;
        total = total.checked_add(ns).ok_or(DurationError::OutOfRange)?;
        if total > i64::MAX as u64 {
            return Err(DurationError::OutOfRange);
        }
        rest = tail;
    }
    Ok(total as i64)
}

fn split(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

/// The duration text of a number of milliseconds: `1m30s`, `2w`, `0s`; negative ones start with `-`.
pub fn format_duration(ms: i64) -> String {
    let mut rest = ms.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    if ms < 0 {
        out.push('-');
    }
    for (name, length, exact) in UNITS {
        if exact && !rest.is_multiple_of(length) {
            continue;
        }
        let amount = rest / length;
        if amount > 0 {
            // Writing to a String cannot fail.
            let _ = write!(out, "{amount}{name}");
            rest -= amount * length;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, ns, printed) in [
            ("1m30s", 90_000_000_000, "1m30s"),
            ("8d", 691_200_000_000_000, "8d"),
            ("14d", 1_209_600_000_000_000, "2w"),
            ("1y1d", 31_622_400_000_000_000, "366d"),
            ("365d", 31_536_000_000_000_000, "1y"),
            ("1500ms", 1_500_000_000, "1s500ms"),
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
        ] {
            assert_eq!(parse_duration(text), Ok(ns), "{text}");
            assert_eq!(format_duration(ns / 1_000_000), printed);
        }
        assert_eq!(format_duration(-300_000), "-5m");
    }

    #[test]
    fn bad_durations_say_why() {
        for (text, message) in [
            ("5m1h", "not a valid duration string: \"5m1h\""),
            ("1.5h", "unknown unit \".\" in duration \"1.5h\""),
            ("1hs", "unknown unit \"hs\" in duration \"1hs\""),
            ("293y", "duration out of range"),
            ("106752d", "duration out of range"),
            ("99999999999999999999s", "not a valid duration string: \"99999999999999999999s\""),
            ("", "empty duration string"),
            ("m", "not a valid duration string: \"m\""),
        ] {
            assert_eq!(parse_duration(text).unwrap_err().to_string(), message, "{text}");
        }
        assert!(parse_duration("292y").is_ok() && parse_duration("106751d").is_ok());
    }
}
