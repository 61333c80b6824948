//! The proleptic Gregorian calendar in UTC, after Howard Hinnant's days-from-civil algorithms.

/// Seconds of a day.
pub(super) const DAY_S: i64 = 86_400;

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 is January.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
}

/// The day that lies `days` after 1970-01-01.
pub(super) fn date_of(days: i64) -> Date {
    // Years start in March here, so that the leap day is a year's last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    Date {
        year: era * 400 + year_of_era + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * march_month + 2) / 5 + 1,
    }
}

/// Whether a year has a 29th of February.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Number of days of a month.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day's number in its year, from 1.
pub(super) fn day_of_year(date: Date) -> i64 {
    (1..date.month).map(|month| days_in_month(date.year, month)).sum::<i64>() + date.day
}

/// Sunday is 0. 1970-01-01 was a Thursday.
pub(super) fn day_of_week(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks all days of eight centuries and compares with counting by hand.
    #[test]
    fn dates_follow_each_other() {
        let (mut date, mut of_year, mut weekday) = (date_of(-200_000), 0, day_of_week(-200_000));
        for days in -200_000..100_000 {
            assert_eq!(date_of(days), date);
            assert_eq!(day_of_week(days), weekday);
            if of_year != 0 {
                assert_eq!(day_of_year(date), of_year);
            }
            weekday = (weekday + 1) % 7;
            of_year = if of_year == 0 { 0 } else { of_year + 1 };
            date.day += 1;
            if date.day > days_in_month(date.year, date.month) {
                date = Date { day: 1, month: date.month + 1, ..date };
            }
            if date.month == 13 {
                (date, of_year) = (Date { month: 1, year: date.year + 1, ..date }, 1);
            }
        }
    }

    #[test]
    fn anchors() {
        assert_eq!(date_of(0), Date { year: 1970, month: 1, day: 1 });
        assert_eq!(date_of(19_782), Date { year: 2024, month: 2, day: 29 });
        assert_eq!(day_of_week(0), 4);
        assert!(is_leap(2000) && !is_leap(1900));
    }
}
