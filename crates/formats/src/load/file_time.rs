//! The time that a file stands for.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{NaiveDate, NaiveTime};

/// A system time in ms since the Unix epoch; `None` beyond what 64 bits hold.
pub(super) fn to_ms(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).ok(),
        Err(before) => i64::try_from(before.duration().as_millis()).ok().map(|ms| -ms),
    }
}

/// The first RFC 3339 time in the file's name, in ms. Since many systems allow no colons in names, `-` and `_`
/// may stand for them, or nothing; the zone must be `Z` or an offset.
pub(super) fn of_name(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?.as_bytes();
    (0..name.len()).find_map(|at| time_at(&name[at..]))
}

fn time_at(text: &[u8]) -> Option<i64> {
    let mut rest = Rest(text);
    let year = rest.number(4)?;
    let dashed = rest.skip(b"-");
    let month = rest.number(2)?;
    if dashed != rest.skip(b"-") {
        return None;
    }
    let day = rest.number(2)?;
    if !rest.skip(b"Tt") {
        return None;
    }
    let hour = rest.number(2)?;
    rest.skip(b":-_");
    let minute = rest.number(2)?;
    rest.skip(b":-_");
    let second = rest.number(2)?;
    let ms = rest.fraction();
    let offset_minutes = rest.zone()?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    Some(date.and_time(time).and_utc().timestamp_millis() + ms - offset_minutes * 60_000)
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn number(&mut self, digits: usize) -> Option<u32> {
        let text = self.0.get(..digits).filter(|d| d.iter().all(u8::is_ascii_digit))?;
        self.0 = &self.0[digits..];
        std::str::from_utf8(text).ok()?.parse().ok()
    }

    fn skip(&mut self, any_of: &[u8]) -> bool {
        let found = self.0.first().is_some_and(|b| any_of.contains(b));
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// The ms of a fraction of a second, if there is one.
    fn fraction(&mut self) -> i64 {
        if self.0.first() != Some(&b'.') || !self.0.get(1).is_some_and(u8::is_ascii_digit) {
            return 0;
        }
        let digits = self.0[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let ms =
            self.0[1..=digits].iter().zip([100, 10, 1]).map(|(b, weight)| i64::from(b - b'0') * weight).sum();
        self.0 = &self.0[1 + digits..];
        ms
    }

    /// The zone's offset from UTC in minutes.
    fn zone(&mut self) -> Option<i64> {
        let sign = match self.0.first()? {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.0 = &self.0[1..];
        let hours = self.number(2)?;
        self.skip(b":-_");
        let minutes = self.number(2)?;
        Some(sign * i64::from(hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_names() {
        for (name, ms) in [
            ("metrics.2026-08-01T00:00:15Z.prom", Some(1_785_542_415_000)),
            ("dir.2020-01-01T00:00:00Z/2026-08-01T00-00-15Z.prom.gz", Some(1_785_542_415_000)),
            ("node_20260801T000015Z", Some(1_785_542_415_000)),
            ("m-2026-08-01T00:00:15.250Z.prom", Some(1_785_542_415_250)),
            ("m-2026-08-01T02:00:15+02:00.prom", Some(1_785_542_415_000)),
            ("m-2026-08-01.prom", None),
            ("m-2026-13-01T00:00:15Z", None),
            ("2026-08-01T25:00:15Z", None),
            ("2026-08-01T00:00:15", None),
            ("", None),
        ] {
            assert_eq!(of_name(Path::new(name)), ms, "{name}");
        }
    }

    #[test]
    fn system_times() {
        assert_eq!(to_ms(UNIX_EPOCH + std::time::Duration::from_millis(1500)), Some(1500));
        assert_eq!(to_ms(UNIX_EPOCH - std::time::Duration::from_millis(1500)), Some(-1500));
    }
}
