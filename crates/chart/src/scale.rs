//! From times and values to positions, and the round numbers that go beside an axis.

use chrono::{DateTime, Utc};

use crate::Unit;

/// A stretch of an axis, from its low to its high end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub low: f64,
    pub high: f64,
}

impl Scale {
    /// The scale that shows all finite values: with zero where that costs little of the height, and never of
    /// height zero.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let finite = values.filter(|v| v.is_finite());
        let (low, high) =
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            return Self { low: 0.0, high: 1.0 };
        }
        if low == high {
            let pad = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
            return Self {
                low: low - if low > 0.0 { low } else { pad },
                high: high + if high < 0.0 { -high } else { pad },
            };
        }
        // Zero is shown when the values span at least half of the way to it.
        let span = high - low;
        Self {
            low: if low > 0.0 && low <= span { 0.0 } else { low },
            high: if high < 0.0 && -high <= span { 0.0 } else { high },
        }
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    pub(crate) fn place(self, value: f64) -> f64 {
        // Halves keep the difference of two huge values finite.
        ((value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)).clamp(0.0, 1.0)
    }

    /// Widens the scale to whole ticks and tells them: at most `most`, at 1, 2 or 5 times a power of ten (of
    /// 1024 or 60 for units that count so).
    pub(crate) fn ticks(self, most: usize, unit: Unit) -> (Self, Vec<f64>) {
        let most = most.max(2);
        let base = unit.base(self.low.abs().max(self.high.abs()));
        let (low, high) = (self.low / base, self.high / base);
        let rough = (high / (most - 1) as f64) - (low / (most - 1) as f64);
        if !rough.is_finite() || rough <= 0.0 {
            return (self, vec![self.low, self.high]);
        }
        let power = 10_f64.powi(rough.log10().floor() as i32);
        let sizes = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0];
        let fitting = sizes
            .into_iter()
            .map(|size| size * power)
            .find(|size| (high / size).ceil() - (low / size).floor() < most as f64);
        let step = fitting.unwrap_or(power * 100.0);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let count = (last - first) as usize;
        let ticks: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step * base).collect();
        (Self { low: ticks[0], high: ticks[count] }, ticks)
    }
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const TIME_STEPS: [i64; 32] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
    91 * DAY,
    365 * DAY,
];

/// A time beside the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeTick {
    pub t_ms: i64,
    pub text: String,
}

/// At most `most` round times (UTC) from `start_ms` to `end_ms`.
pub(crate) fn time_ticks(start_ms: i64, end_ms: i64, most: usize) -> Vec<TimeTick> {
    let span = i128::from(end_ms) - i128::from(start_ms);
    let most = most.max(1) as i128;
    let fits = |step: &i64| span / i128::from(*step) < most;
    let step = TIME_STEPS.into_iter().find(fits).unwrap_or_else(|| {
        let years = span / i128::from(365 * DAY) / most + 1;
        i64::try_from(years).unwrap_or(i64::MAX).saturating_mul(365 * DAY)
    });
    // The first multiple of the step that is not before the start, if a time can be that late.
    let first = match start_ms.rem_euclid(step) {
        0 => Some(start_ms),
        past => start_ms.checked_add(step - past),
    };
    let times = std::iter::successors(first, |t| t.checked_add(step)).take_while(|t| *t <= end_ms);
    times.map(|t_ms| TimeTick { t_ms, text: time_text(t_ms, step, span) }).collect()
}

fn time_text(t_ms: i64, step: i64, span: i128) -> String {
    let Some(time) = DateTime::<Utc>::from_timestamp_millis(t_ms) else { return format!("{t_ms}ms") };
    let form = match step {
        step if step < SECOND => "%H:%M:%S%.3f",
        step if step < MINUTE => "%H:%M:%S",
        step if step < DAY && span < i128::from(DAY) => "%H:%M",
        step if step < DAY => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    time.format(form).to_string()
}

/// A time in full (UTC), to the millisecond where it is not a whole second.
pub(crate) fn full_time(t_ms: i64) -> String {
    let Some(time) = DateTime::<Utc>::from_timestamp_millis(t_ms) else { return format!("{t_ms}ms") };
    let form = if t_ms.rem_euclid(SECOND) == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S%.3f" };
    time.format(form).to_string()
}
