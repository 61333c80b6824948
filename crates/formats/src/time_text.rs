//! Times as other systems write them: numbers in some unit since 1970, or dates.

use chrono::{NaiveDate, NaiveTime};

use crate::text::number::{parse_float, parse_millis, parse_seconds};

/// What numbers of time count, since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Seconds; they may have decimals.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// All units.
    pub const ALL: [Self; 4] = [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// The name by which users ask for the unit: `s`, `ms`, `us`, `ns`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    /// The unit with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == name)
    }

    /// The unit in which a number of this size is a plausible time: VictoriaMetrics' bounds. 10^11 seconds are
    /// the year 5138, and 10^11 ms, 10^14 µs and 10^17 ns are in 1973.
    fn of_size(size: f64) -> Self {
        if size >= 1e17 {
            Self::Nanoseconds
        } else if size >= 1e14 {
            Self::Microseconds
        } else if size >= 1e11 {
            Self::Milliseconds
        } else {
            Self::Seconds
        }
    }

    /// An integer number of the unit in ms, rounded down.
    pub(crate) fn integer_to_ms(self, number: i64) -> Option<i64> {
        match self {
            Self::Seconds => number.checked_mul(1000),
            Self::Milliseconds => Some(number),
            Self::Microseconds => Some(number.div_euclid(1000)),
            Self::Nanoseconds => Some(number.div_euclid(1_000_000)),
        }
    }

    fn float_to_ms(self, number: f64) -> Option<i64> {
        let ms = match self {
            Self::Seconds => number * 1e3,
            Self::Milliseconds => number,
            Self::Microseconds => number / 1e3,
            Self::Nanoseconds => number / 1e6,
        };
        (ms.abs() <= 9.2e18).then(|| ms.round() as i64)
    }
}

/// Reads the times of one file. Unless the unit is given, the first number other than 0 decides for all.
#[derive(Clone, Debug)]
pub(crate) struct TimeReader {
    unit: Option<TimeUnit>,
    utc_offset_minutes: Option<i32>,
    /// Whether a date without a zone was read as UTC because no offset is known.
    pub(crate) assumed_utc: bool,
}

impl TimeReader {
    pub(crate) fn new(unit: Option<TimeUnit>, utc_offset_minutes: Option<i32>) -> Self {
        Self { unit, utc_offset_minutes, assumed_utc: false }
    }

    /// The time in ms; `None` if the text is none.
    pub(crate) fn read(&mut self, text: &[u8]) -> Option<i64> {
        match text.first()? {
            b'0'..=b'9' | b'-' | b'+' | b'.' => self.number(text).or_else(|| self.date(text)),
            _ => None,
        }
    }

    /// An integer time in ms.
    pub(crate) fn integer(&mut self, number: i64) -> Option<i64> {
        self.unit_for(number as f64).integer_to_ms(number)
    }

    fn unit_for(&mut self, number: f64) -> TimeUnit {
        if number == 0.0 {
            return self.unit.unwrap_or(TimeUnit::Seconds);
        }
        *self.unit.get_or_insert_with(|| TimeUnit::of_size(number.abs()))
    }

    fn number(&mut self, text: &[u8]) -> Option<i64> {
        if let Some(number) = parse_millis(text) {
            return self.integer(number);
        }
        let number = parse_float(text).filter(|n| n.is_finite())?;
        match self.unit_for(number) {
            TimeUnit::Seconds => parse_seconds(text),
            unit => unit.float_to_ms(number),
        }
    }

    /// `2026-08-01`, then optionally `T` or a blank and `00:00[:15[.250]]`, then optionally a zone.
    fn date(&mut self, text: &[u8]) -> Option<i64> {
        let mut rest = Rest(text);
        let year = rest.digits(4)?;
        rest.expect(b'-')?;
        let month = rest.digits(2)?;
        rest.expect(b'-')?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, rest.digits(2)?)?;
        let mut ms = 0;
        let mut time = NaiveTime::MIN;
        if rest.take(b"Tt ") {
            let hour = rest.digits(2)?;
            rest.expect(b':')?;
            let minute = rest.digits(2)?;
            let second = if rest.take(b":") { rest.digits(2)? } else { 0 };
            time = NaiveTime::from_hms_opt(hour, minute, second)?;
            ms = rest.fraction()?;
        }
        rest.take(b" ");
        let offset = match rest.zone()? {
            Some(offset) => offset,
            None => {
                self.assumed_utc |= self.utc_offset_minutes.is_none();
                self.utc_offset_minutes.unwrap_or(0)
            }
        };
        let utc = date.and_time(time).and_utc().timestamp_millis() + ms - i64::from(offset) * 60_000;
        rest.0.is_empty().then_some(utc)
    }
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn digits(&mut self, count: usize) -> Option<u32> {
        let text = self.0.get(..count).filter(|d| d.iter().all(u8::is_ascii_digit))?;
        let number = text.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
        self.0 = &self.0[count..];
        Some(number)
    }

    fn take(&mut self, any_of: &[u8]) -> bool {
        let found = self.0.first().is_some_and(|b| any_of.contains(b));
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(&[byte]).then_some(())
    }

    /// The ms of a fraction of a second, rounded down; 0 if there is none.
    fn fraction(&mut self) -> Option<i64> {
        if !self.take(b".,") {
            return Some(0);
        }
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let ms = self.0[..digits].iter().zip([100, 10, 1]).map(|(b, weight)| i64::from(b - b'0') * weight);
        let ms = ms.sum();
        self.0 = &self.0[digits..];
        (digits > 0).then_some(ms)
    }

    /// The offset from UTC in minutes: `Z`, `UTC`, `+02:00`, `+0200`, `+02`; `Some(None)` at the end of the text.
    fn zone(&mut self) -> Option<Option<i32>> {
        if self.0.is_empty() {
            return Some(None);
        }
        if let Some(rest) = self.0.strip_prefix(b"UTC") {
            self.0 = rest;
            return Some(Some(0));
        }
        let sign = match self.0[0] {
            b'Z' | b'z' => 0,
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.0 = &self.0[1..];
        if sign == 0 {
            return Some(Some(0));
        }
        let hours = self.digits(2)? as i32;
        let minutes = if self.take(b":") || !self.0.is_empty() { self.digits(2)? as i32 } else { 0 };
        Some(Some(sign * (hours * 60 + minutes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        TimeReader::new(None, None).read(text.as_bytes())
    }

    #[test]
    fn the_size_tells_the_unit() {
        for (text, ms) in [
            ("1785542415", Some(1_785_542_415_000)),
            ("1785542415.25", Some(1_785_542_415_250)),
            ("1785542415250", Some(1_785_542_415_250)),
            ("1785542415250999", Some(1_785_542_415_250)),
            ("1785542415250999999", Some(1_785_542_415_250)),
            ("1.785542415e12", Some(1_785_542_415_000)),
            ("-5", Some(-5000)),
            ("0", Some(0)),
            ("", None),
            ("x", None),
            ("-", None),
            ("Inf", None),
            ("NaN", None),
            ("1e300", None),
            ("9223372036854775807", Some(9_223_372_036_854)),
        ] {
            assert_eq!(read(text), ms, "{text}");
        }
        let mut times = TimeReader::new(None, None);
        assert_eq!(
            ["0", "1785542415000", "15", "0"].map(|t| times.read(t.as_bytes())),
            [Some(0), Some(1_785_542_415_000), Some(15), Some(0)],
            "the first number decides"
        );
        let mut given = TimeReader::new(Some(TimeUnit::Seconds), None);
        assert_eq!(given.read(b"9223372036854775807"), None, "too large for ms");
        assert_eq!(given.read(b"200000000000"), Some(200_000_000_000_000));
        for unit in TimeUnit::ALL {
            assert_eq!(TimeUnit::from_name(unit.as_str()), Some(unit));
        }
    }

    #[test]
    fn dates() {
        for (text, ms) in [
            ("2026-08-01T00:00:15Z", Some(1_785_542_415_000)),
            ("2026-08-01 00:00:15.250", Some(1_785_542_415_250)),
            ("2026-08-01 00:00:15,2509", Some(1_785_542_415_250)),
            ("2026-08-01T02:00:15+02:00", Some(1_785_542_415_000)),
            ("2026-08-01 02:00:15 +0200", Some(1_785_542_415_000)),
            ("2026-07-31T22:00:15-02", Some(1_785_542_415_000)),
            ("2026-08-01 00:00:15 UTC", Some(1_785_542_415_000)),
            ("2026-08-01 00:00", Some(1_785_542_400_000)),
            ("2026-08-01", Some(1_785_542_400_000)),
            ("2026-13-01", None),
            ("2026-08-01T25:00:00Z", None),
            ("2026-08-01T00:00:15.Z", None),
            ("2026-08-01T00:00:15ZZ", None),
            ("2026-08-01T00:00:15+2", None),
            ("2026-08-01x", None),
            ("01/08/2026", None),
        ] {
            assert_eq!(read(text), ms, "{text}");
        }
        let mut local = TimeReader::new(None, Some(120));
        assert_eq!(local.read(b"2026-08-01 02:00:15"), Some(1_785_542_415_000));
        assert!(!local.assumed_utc);
        let mut unknown = TimeReader::new(None, None);
        assert!(unknown.read(b"2026-08-01 02:00:15").is_some() && unknown.assumed_utc);
    }
}
