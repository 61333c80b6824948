//! Parts of dates, in UTC: `minute`, `hour`, `day_of_week`, `day_of_month`, `day_of_year`, `days_in_month`,
//! `month`, `year`.

use promqlite_model::ValueType::Vector;

use super::civil::{DAY_S, date_of, day_of_week, day_of_year, days_in_month};
use crate::{Doc, Function, Kernel, MetricNameRule};

const fn calendar(name: &'static str, part: fn(i64) -> f64, doc: Doc) -> Function {
    Function {
        name,
        experimental: false,
        args: &[Vector],
        variadic: 1,
        returns: Vector,
        metric_name: MetricNameRule::Drop,
        doc,
        kernel: Kernel::Calendar(part),
    }
}

fn days(seconds: i64) -> i64 {
    seconds.div_euclid(DAY_S)
}

fn second_of_day(seconds: i64) -> i64 {
    seconds.rem_euclid(DAY_S)
}

pub(super) static MINUTE: Function = calendar(
    "minute",
    |t| (second_of_day(t) / 60 % 60) as f64,
    Doc {
        summary: "Minute of the hour, 0 to 59, of Unix times in seconds.",
        example: "minute(vector(1709210096))",
    },
);

pub(super) static HOUR: Function = calendar(
    "hour",
    |t| (second_of_day(t) / 3600) as f64,
    Doc {
        summary: "Hour of the day, 0 to 23, of Unix times in seconds.",
        example: "hour(vector(1709210096))",
    },
);

pub(super) static DAY_OF_WEEK: Function = calendar(
    "day_of_week",
    |t| day_of_week(days(t)) as f64,
    Doc {
        summary: "Day of the week, 0 (Sunday) to 6, of Unix times in seconds.",
        example: "day_of_week(vector(1709210096))",
    },
);

pub(super) static DAY_OF_MONTH: Function = calendar(
    "day_of_month",
    |t| date_of(days(t)).day as f64,
    Doc {
        summary: "Day of the month, 1 to 31, of Unix times in seconds.",
        example: "day_of_month(vector(1709210096))",
    },
);

pub(super) static DAY_OF_YEAR: Function = calendar(
    "day_of_year",
    |t| day_of_year(date_of(days(t))) as f64,
    Doc {
        summary: "Day of the year, 1 to 366, of Unix times in seconds.",
        example: "day_of_year(vector(1709210096))",
    },
);

pub(super) static DAYS_IN_MONTH: Function = calendar(
    "days_in_month",
    |t| {
        let date = date_of(days(t));
        days_in_month(date.year, date.month) as f64
    },
    Doc {
        summary: "Number of days, 28 to 31, of the month that Unix times in seconds fall into.",
        example: "days_in_month(vector(1709210096))",
    },
);

pub(super) static MONTH: Function = calendar(
    "month",
    |t| date_of(days(t)).month as f64,
    Doc { summary: "Month, 1 to 12, of Unix times in seconds.", example: "month(vector(1709210096))" },
);

pub(super) static YEAR: Function = calendar(
    "year",
    |t| date_of(days(t)).year as f64,
    Doc { summary: "Year of Unix times in seconds.", example: "year(vector(1709210096))" },
);

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(t: i64) -> [f64; 8] {
        [&MINUTE, &HOUR, &DAY_OF_WEEK, &DAY_OF_MONTH, &DAY_OF_YEAR, &DAYS_IN_MONTH, &MONTH, &YEAR].map(|f| {
            let Kernel::Calendar(part) = f.kernel else { unreachable!("invariant: calendar functions") };
            part(t)
        })
    }

    #[test]
    fn known_dates() {
        assert_eq!(parts(1_709_210_096), [34.0, 12.0, 4.0, 29.0, 60.0, 29.0, 2.0, 2024.0]);
        assert_eq!(parts(0), [0.0, 0.0, 4.0, 1.0, 1.0, 31.0, 1.0, 1970.0]);
        assert_eq!(parts(-1), [59.0, 23.0, 3.0, 31.0, 365.0, 31.0, 12.0, 1969.0]);
    }

    #[test]
    fn far_times_do_not_overflow() {
        assert!(parts(i64::MIN).iter().chain(&parts(i64::MAX)).all(|part| part.is_finite()));
    }
}
