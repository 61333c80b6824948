//! Times and durations as users write and read them.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use promqlite::Timestamp;
use promqlite_formats::write::api_time;
use promqlite_syntax::{format_duration, parse_duration};

/// An instant, possibly relative to "now", which only the loaded data tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeSpec {
    /// ms since the Unix epoch.
    Absolute(i64),
    /// ms after now; negative before it.
    FromNow(i64),
}

/// Now.
pub(crate) const NOW: TimeSpec = TimeSpec::FromNow(0);

impl TimeSpec {
    /// The instant, given what now is.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Absolute(ms) => Timestamp(ms),
            Self::FromNow(ms) => Timestamp(now.0.saturating_add(ms)),
        }
    }
}

/// Numbers from here on are ms, below they are seconds: 1e11 s is the year 5138, 1e11 ms is 1973.
const FIRST_MS: f64 = 1e11;

/// The bounds of instants that can be given as a number, ms.
const MAX_MS: f64 = 9e18;

/// Reads a time: RFC 3339, Unix seconds or ms, `now`, `now-1h`, `now+5m`.
pub(crate) fn parse_time(text: &str) -> Result<TimeSpec, String> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("now") {
        return parse_offset(rest.trim()).map(TimeSpec::FromNow);
    }
    if let Ok(number) = text.parse::<f64>() {
        let ms = if number.abs() >= FIRST_MS { number } else { number * 1000.0 };
        if ms.abs() > MAX_MS || ms.is_nan() {
            return Err("the time is out of range".into());
        }
        return Ok(TimeSpec::Absolute(ms.round() as i64));
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(TimeSpec::Absolute(time.timestamp_millis())),
        Err(_) => {
            Err("expected RFC 3339 (2026-01-31T12:00:00Z), Unix seconds, Unix milliseconds, `now`, or \
                       `now-1h`"
                .into())
        }
    }
}

/// What follows `now`: nothing, or a sign and a duration. In ms.
fn parse_offset(rest: &str) -> Result<i64, String> {
    match rest.split_at_checked(1) {
        None => Ok(0),
        Some(("-", length)) => Ok(-parse_length(length.trim())?),
        Some(("+", length)) => parse_length(length.trim()),
        Some(_) => Err(format!("expected `-` or `+` and a duration after `now`, found `{rest}`")),
    }
}

/// Reads a length of time into ms: a PromQL duration (`1h30m`) or seconds (`90`, `0.5`). What is below a ms is cut
/// off, as in Prometheus. Not negative.
pub(crate) fn parse_length(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        // Decimal fractions are not exact: 1.001 s is a little less than 1001 ms.
        let ms = ((seconds * 1e9).round() / 1e6).floor();
        return if (0.0..=MAX_MS).contains(&ms) { Ok(ms as i64) } else { Err("out of range".into()) };
    }
    match parse_duration(text) {
        Ok(ns) => Ok(ns / 1_000_000),
        Err(e) => Err(format!("{e}; expected a duration such as `5m`, `1h30m`, or seconds")),
    }
}

/// A length of time that must not be zero, in ms.
pub(crate) fn parse_positive_length(text: &str) -> Result<i64, String> {
    match parse_length(text)? {
        0 => Err("must be at least 1ms".into()),
        ms => Ok(ms),
    }
}

/// Reads the distance of the steps of a range query into ms, which must be at least one.
pub(crate) fn parse_step(text: &str) -> Result<i64, String> {
    let negative = text.strip_prefix('-').is_some_and(|length| parse_length(length).is_ok());
    match parse_length(text) {
        Err(_) if negative => Err(NO_STEP.into()),
        Ok(0) => Err(NO_STEP.into()),
        other => other,
    }
}

/// What Prometheus' HTTP API says to steps of no length.
const NO_STEP: &str =
    "zero or negative query resolution step widths are not accepted. Try a positive integer";

/// An instant in RFC 3339, in UTC, with ms only where there are any; as Unix seconds if it is in no calendar year.
pub(crate) fn show_time(t: Timestamp) -> String {
    let Some(time) = DateTime::from_timestamp_millis(t.0) else { return api_time(t) };
    let form = if t.0.rem_euclid(1000) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.3fZ" };
    time.format(form).to_string()
}

/// A length of time given in ms, as PromQL writes durations.
pub(crate) fn show_length(ms: i64) -> String {
    format_duration(ms)
}

/// The wall clock.
pub(crate) fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, want) in [
            ("1700000000", Some(TimeSpec::Absolute(1_700_000_000_000))),
            ("1700000000.217", Some(TimeSpec::Absolute(1_700_000_000_217))),
            ("1700000000123", Some(TimeSpec::Absolute(1_700_000_000_123))),
            ("99999999999", Some(TimeSpec::Absolute(99_999_999_999_000))),
            ("100000000000", Some(TimeSpec::Absolute(100_000_000_000))),
            ("-1.5", Some(TimeSpec::Absolute(-1500))),
            ("2023-11-14T22:13:20Z", Some(TimeSpec::Absolute(1_700_000_000_000))),
            ("2023-11-14T23:13:20.25+01:00", Some(TimeSpec::Absolute(1_700_000_000_250))),
            ("now", Some(NOW)),
            (" now - 1h30m ", Some(TimeSpec::FromNow(-5_400_000))),
            ("now+90", Some(TimeSpec::FromNow(90_000))),
            ("now1h", None),
            ("now-", None),
            ("1e300", None),
            ("NaN", None),
            ("2023-11-14", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text).ok(), want, "{text:?}");
        }
    }

    #[test]
    fn lengths() {
        for (text, want) in [
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("15", Some(15_000)),
            ("0.25", Some(250)),
            ("1.001", Some(1001)),
            ("0.0019", Some(1)),
            ("0.0009", Some(0)),
            ("0", Some(0)),
            ("-5m", None),
            ("-1", None),
            ("5 m", None),
            ("inf", None),
            ("", None),
        ] {
            assert_eq!(parse_length(text).ok(), want, "{text:?}");
        }
        assert!(parse_positive_length("0s").is_err());
    }

    #[test]
    fn steps_last_a_millisecond_at_least() {
        for text in ["0", "0s", "0.0005", "-1", "-5m", "1e-300", "-0.0001"] {
            assert_eq!(parse_step(text), Err(NO_STEP.to_owned()), "{text:?}");
        }
        for (text, want) in [("0.001", 1), ("0.0015", 1), ("15", 15_000), ("1ms", 1)] {
            assert_eq!(parse_step(text), Ok(want), "{text:?}");
        }
        assert_ne!(parse_step("-x"), Err(NO_STEP.to_owned()));
    }

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(show_time(Timestamp(1_700_000_000_000)), "2023-11-14T22:13:20Z");
        assert_eq!(show_time(Timestamp(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
        assert_eq!(show_time(Timestamp(-1)), "1969-12-31T23:59:59.999Z");
        assert_eq!(show_time(Timestamp(i64::MAX)), "9223372036854775.807");
    }
}
