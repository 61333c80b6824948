//! Lines through the samples of overlapping windows in O(1) operations a step.
//!
//! The sums of times and of their squares are integers and slide exactly. The sums of values and of their products with
//! times are kept in two stacks, times being relative to the cut: no farther away than the window is long, so that
//! moving them to another origin within the window cancels nothing to speak of.

use super::sliding_sum::joined;
use super::two_stacks::{LastSeen, TwoStacks};
use crate::numeric::{CompensatedSum, Line, Regression, linear_regression};

/// Sums of values, of their magnitudes, and of their products with seconds since the last sample before the cut.
#[derive(Clone, Copy, Default)]
struct Part {
    y: CompensatedSum,
    xy: CompensatedSum,
    magnitude: f64,
}

/// The regression lines of windows that only move right over samples.
pub(super) struct SlidingLine<'a> {
    times: &'a [i64],
    values: &'a [f64],
    stacks: TwoStacks<Part>,
    seen: LastSeen<'a>,
    moments: Moments<'a>,
}

/// A line, and by how much its slope may differ from that of a pass over the window.
pub(super) struct Estimate {
    pub(super) line: Line,
    /// Mean of the times, in seconds from the origin.
    pub(super) mean_time: f64,
    pub(super) mean_value: f64,
    pub(super) slope_error: f64,
}

/// Relative difference from a pass over the window up to which a result is taken.
pub(super) const TRUSTED: f64 = 5e-13;

/// What roundings in the sums of either way add up to at most, relative to the sum of magnitudes.
const ROUNDING: f64 = 1e-15;

/// Sums of magnitudes below this do not overflow, nor do their products with the number of samples.
const LARGEST: f64 = 1e290;

/// Products below this lose digits.
const SMALLEST: f64 = 1e-280;

/// Times farther apart than some thirty years could overflow the sums of squares.
const FARTHEST: i64 = 1 << 40;

impl<'a> SlidingLine<'a> {
    /// `None` where times are too far apart.
    pub(super) fn new(times: &'a [i64], values: &'a [f64]) -> Option<Self> {
        let (&first, &last) = (times.first()?, times.last()?);
        last.checked_sub(first).filter(|&span| span <= FARTHEST)?;
        let moments = Moments { times, base: first, lo: 0, hi: 0, sum: 0, squares: 0 };
        Some(Self { times, values, stacks: TwoStacks::new(), seen: LastSeen::new(values), moments })
    }

    /// The line through the samples `lo..hi`, of which there are some, with time 0 at `origin` (ms). `None` where
    /// values are not finite, sums could overflow or lose digits to underflow, or the origin is far away.
    #[inline]
    pub(super) fn estimate(&mut self, lo: usize, hi: usize, origin: i64) -> Option<Estimate> {
        let (times, values) = (self.times, self.values);
        self.seen.advance(lo, hi);
        self.moments.move_to(lo, hi);
        let (before, after) = self.stacks.parts(lo, hi, |part, i, cut| {
            let (x, y) = ((times[i] - times[cut - 1]) as f64 / 1e3, values[i]);
            part.y.add(y);
            part.xy.add(x * y);
            part.magnitude += y.abs();
        });
        if !self.seen.finite_from(lo) {
            return None;
        }
        if self.seen.constant_from(lo) {
            let line = linear_regression(&times[lo..=lo], &values[lo..=lo], origin);
            return Some(Estimate { line, mean_time: 0.0, mean_value: 0.0, slope_error: 0.0 });
        }
        let shift = times[self.stacks.cut() - 1].checked_sub(origin).filter(|&by| by.abs() <= FARTHEST)?;
        let (y, mut xy) = (joined(before.y, after.y), joined(before.xy, after.xy));
        let seconds = shift as f64 / 1e3;
        xy.add(seconds * y.sum);
        xy.compensation += seconds * y.compensation;
        let (x, xx) = self.moments.about(origin);
        let sums = Regression { n: (hi - lo) as f64, x, y: y.value(), xy: xy.value(), xx };
        let (covariance, variance) = (sums.covariance(), sums.variance());
        let farthest = origin.abs_diff(times[lo]).max(origin.abs_diff(times[hi - 1])) as f64 / 1e3;
        let magnitude = (farthest + seconds.abs()) * (before.magnitude + after.magnitude);
        if !(magnitude < LARGEST && covariance.abs() > SMALLEST) {
            return None;
        }
        let relative = ROUNDING * (magnitude / covariance.abs() + xx / variance);
        let line = sums.line();
        let slope_error = relative * line.slope.abs();
        Some(Estimate { line, mean_time: x / sums.n, mean_value: sums.y / sums.n, slope_error })
    }
}

/// Sums of the times of a moving window, and of their squares, in ms since `base`.
struct Moments<'a> {
    times: &'a [i64],
    base: i64,
    lo: usize,
    hi: usize,
    sum: i128,
    squares: i128,
}

impl Moments<'_> {
    #[inline]
    fn move_to(&mut self, lo: usize, hi: usize) {
        if lo >= self.hi {
            (self.lo, self.hi, self.sum, self.squares) = (lo, lo, 0, 0);
        }
        for &time in &self.times[self.lo..lo] {
            let t = i128::from(time - self.base);
            self.sum -= t;
            self.squares -= t * t;
        }
        for &time in &self.times[self.hi..hi] {
            let t = i128::from(time - self.base);
            self.sum += t;
            self.squares += t * t;
        }
        (self.lo, self.hi) = (lo, hi);
    }

    /// The sums about `origin`, which is within [`FARTHEST`] of the samples, in seconds and their squares.
    #[inline]
    fn about(&self, origin: i64) -> (f64, f64) {
        let (n, by) = ((self.hi - self.lo) as i128, i128::from(origin) - i128::from(self.base));
        let sum = self.sum - n * by;
        let squares = self.squares - 2 * by * self.sum + n * by * by;
        (sum as f64 / 1e3, squares as f64 / 1e6)
    }
}
