//! Numeric primitives that several kernels share: compensated sums, means, variances, quantiles, regression.
//!
//! The order of operations is part of what PromQL promises, so these are the only places that spell it out.

use std::cmp::Ordering;

/// A sum and the rounding errors that it lost, after Neumaier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CompensatedSum {
    /// The running sum.
    pub sum: f64,
    /// What rounding took away from it.
    pub compensation: f64,
}

impl CompensatedSum {
    /// A sum that starts with its first value, so that −0 stays −0.
    #[must_use]
    pub fn starting_with(first: f64) -> Self {
        Self { sum: first, compensation: 0.0 }
    }

    /// Adds `x`. A sum that overflows forgets its compensation.
    #[inline(always)]
    pub fn add(&mut self, x: f64) {
        (self.sum, self.compensation) = compensated_add(self.sum, self.compensation, x);
    }

    /// Adds another sum with its compensation: the result differs from adding its values one by one only by
    /// rounding in the compensation.
    #[inline]
    pub fn merge(&mut self, other: Self) {
        self.add(other.sum);
        if !self.sum.is_infinite() {
            self.compensation += other.compensation;
        }
    }

    /// The sum, corrected.
    #[inline]
    #[must_use]
    pub fn value(self) -> f64 {
        self.sum + self.compensation
    }
}

/// `(sum, compensation) ⊕ x`: one step of a compensated sum.
#[inline(always)]
#[must_use]
pub fn compensated_add(sum: f64, compensation: f64, x: f64) -> (f64, f64) {
    let t = sum + x;
    let lost = if sum.abs() >= x.abs() { (sum - t) + x } else { (x - t) + sum };
    (t, if t.is_infinite() { 0.0 } else { compensation + lost })
}

/// An arithmetic mean that survives sums beyond the range of a float: once the compensated sum would overflow
/// it goes on as a running mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// Number of values.
    pub count: f64,
    /// The sum of the values, or their mean once `incremental`.
    pub value: f64,
    /// The compensation of `value`.
    pub compensation: f64,
    /// Whether `value` is a mean already.
    pub incremental: bool,
}

impl Mean {
    /// The mean of one value.
    #[must_use]
    pub fn starting_with(first: f64) -> Self {
        Self { count: 1.0, value: first, compensation: 0.0, incremental: false }
    }

    /// The mean of some values; NaN if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> f64 {
        let Some((&first, rest)) = values.split_first() else { return f64::NAN };
        let mut mean = Self::starting_with(first);
        for &x in rest {
            mean.add(x);
        }
        mean.finish()
    }

    /// Takes in one more value.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.count += 1.0;
        if !self.incremental {
            let (sum, compensation) = compensated_add(self.value, self.compensation, x);
            if !sum.is_infinite() {
                (self.value, self.compensation) = (sum, compensation);
                return;
            }
            self.switch(self.count - 1.0);
        }
        let q = (self.count - 1.0) / self.count;
        (self.value, self.compensation) =
            compensated_add(q * self.value, q * self.compensation, x / self.count);
    }

    /// From a sum of `n` values to their mean.
    fn switch(&mut self, n: f64) {
        self.incremental = true;
        self.value /= n;
        self.compensation /= n;
    }

    /// Takes in the values of another mean. Exact up to rounding, the switch at overflow included.
    pub fn merge(&mut self, mut other: Self) {
        let (n, m) = (self.count, other.count);
        if !self.incremental && !other.incremental {
            let mut sum = CompensatedSum { sum: self.value, compensation: self.compensation };
            sum.merge(CompensatedSum { sum: other.value, compensation: other.compensation });
            if !sum.sum.is_infinite() {
                *self =
                    Self { count: n + m, value: sum.sum, compensation: sum.compensation, incremental: false };
                return;
            }
        }
        if !self.incremental {
            self.switch(n);
        }
        if !other.incremental {
            other.switch(m);
        }
        let (p, q) = (n / (n + m), m / (n + m));
        let (value, compensation) = compensated_add(p * self.value, p * self.compensation, q * other.value);
        let compensation = if value.is_infinite() { 0.0 } else { compensation + q * other.compensation };
        *self = Self { count: n + m, value, compensation, incremental: true };
    }

    /// The mean.
    #[inline]
    #[must_use]
    pub fn finish(self) -> f64 {
        if self.incremental {
            self.value + self.compensation
        } else {
            self.value / self.count + self.compensation / self.count
        }
    }
}

/// Variance in one pass, as the aggregations `stddev` and `stdvar` compute it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welford {
    /// Number of values.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
    /// The sum of squared distances from the mean; NaN as soon as a value is NaN or infinite.
    pub squares: f64,
}

impl Welford {
    /// The state after one value.
    #[must_use]
    pub fn starting_with(first: f64) -> Self {
        Self { count: 1.0, mean: first, squares: if first.is_finite() { 0.0 } else { f64::NAN } }
    }

    /// Takes in one more value.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.count += 1.0;
        let distance = x - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (x - self.mean);
    }

    /// Takes in the values of another state, after Chan, Golub and LeVeque.
    pub fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        let distance = other.mean - self.mean;
        self.mean += distance * (other.count / count);
        self.squares += other.squares + distance * distance * (self.count * other.count / count);
        self.count = count;
    }

    /// The population variance.
    #[must_use]
    pub fn variance(self) -> f64 {
        self.squares / self.count
    }
}

/// Variance in one pass with mean and squares both compensated, as `stdvar_over_time` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CompensatedVariance {
    count: f64,
    mean: CompensatedSum,
    squares: CompensatedSum,
}

impl CompensatedVariance {
    /// Takes in one more value.
    #[inline(always)]
    pub fn add(&mut self, x: f64) {
        self.count += 1.0;
        let distance = x - self.mean.value();
        self.mean.add(distance / self.count);
        self.squares.add(distance * (x - self.mean.value()));
    }

    /// The state after the values of both, after Chan, Golub and LeVeque.
    #[inline]
    #[must_use]
    pub fn merged(mut self, other: Self) -> Self {
        if self.count == 0.0 || other.count == 0.0 {
            return if self.count == 0.0 { other } else { self };
        }
        let count = self.count + other.count;
        let distance = (other.mean.sum - self.mean.sum) + (other.mean.compensation - self.mean.compensation);
        self.mean.add(distance * (other.count / count));
        self.squares.merge(other.squares);
        self.squares.add(distance * distance * (self.count * other.count / count));
        self.count = count;
        self
    }

    /// The mean; 0 if there are no values.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.mean.value()
    }

    /// The population variance; NaN if there are no values or one of them is NaN or infinite.
    #[inline]
    #[must_use]
    pub fn variance(self) -> f64 {
        self.squares.value() / self.count
    }
}

/// The population variance of some values, see [`CompensatedVariance`].
#[must_use]
pub fn compensated_variance(values: &[f64]) -> f64 {
    let mut state = CompensatedVariance::default();
    values.iter().for_each(|&x| state.add(x));
    state.variance()
}

/// Orders floats with NaN before everything else.
#[inline]
#[must_use]
pub fn nan_first(a: &f64, b: &f64) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Where a quantile of `n` sorted values lies: between the values at `lo` and `hi`, `weight` of the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileRank {
    /// Index of the value below.
    pub lo: usize,
    /// Index of the value above.
    pub hi: usize,
    /// How much of the value above counts, in [0, 1).
    pub weight: f64,
}

impl QuantileRank {
    /// The rank of quantile `q` among `n` values, or the quantile itself where no value matters: NaN without
    /// values or with `q` NaN, −Inf below 0, +Inf above 1.
    ///
    /// # Errors
    /// The quantile, where it does not depend on the values.
    #[inline]
    pub fn new(q: f64, n: usize) -> Result<Self, f64> {
        if n == 0 || q.is_nan() {
            return Err(f64::NAN);
        }
        if q < 0.0 {
            return Err(f64::NEG_INFINITY);
        }
        if q > 1.0 {
            return Err(f64::INFINITY);
        }
        let rank = q * (n as f64 - 1.0);
        let below = rank.floor();
        let lo = below as usize;
        Ok(Self { lo, hi: (lo + 1).min(n - 1), weight: rank - below })
    }

    /// The quantile from the two values. Literally so: an infinite value above gives NaN even at weight 0.
    #[inline]
    #[must_use]
    pub fn interpolate(self, at_lo: f64, at_hi: f64) -> f64 {
        at_lo * (1.0 - self.weight) + at_hi * self.weight
    }
}

/// Quantile `q` of some values, which are reordered. NaN counts as the smallest value.
#[must_use]
pub fn quantile(q: f64, values: &mut [f64]) -> f64 {
    let rank = match QuantileRank::new(q, values.len()) {
        Ok(rank) => rank,
        Err(fixed) => return fixed,
    };
    if values.iter().fold(false, |any, v| any | v.is_nan()) {
        let (_, &mut at_lo, above) = values.select_nth_unstable_by(rank.lo, nan_first);
        let at_hi = above.iter().copied().min_by(nan_first).unwrap_or(at_lo);
        return rank.interpolate(at_lo, at_hi);
    }
    // Comparing bits is free of branches, which halves the time.
    let (_, &mut at_lo, above) = values.select_nth_unstable_by(rank.lo, f64::total_cmp);
    let at_hi = above.iter().copied().reduce(|a, b| if b < a { b } else { a }).unwrap_or(at_lo);
    rank.interpolate(at_lo, at_hi)
}

/// The larger value, where NaN gives way to anything: one step of a maximum.
#[inline(always)]
#[must_use]
pub fn max_step(current: f64, x: f64) -> f64 {
    if x > current || current.is_nan() { x } else { current }
}

/// The smaller value, where NaN gives way to anything: one step of a minimum.
#[inline(always)]
#[must_use]
pub fn min_step(current: f64, x: f64) -> f64 {
    if x < current || current.is_nan() { x } else { current }
}

/// A line through points by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Change per second.
    pub slope: f64,
    /// Value at the origin of time.
    pub intercept: f64,
}

/// The sums that a regression line is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regression {
    /// Number of points.
    pub(crate) n: f64,
    /// Sum of times, in seconds from the origin.
    pub(crate) x: f64,
    /// Sum of values.
    pub(crate) y: f64,
    /// Sum of their products.
    pub(crate) xy: f64,
    /// Sum of the squares of times.
    pub(crate) xx: f64,
}

impl Regression {
    #[inline]
    pub(crate) fn covariance(&self) -> f64 {
        self.xy - self.x * self.y / self.n
    }

    #[inline]
    pub(crate) fn variance(&self) -> f64 {
        self.xx - self.x * self.x / self.n
    }

    #[inline]
    pub(crate) fn line(&self) -> Line {
        let slope = self.covariance() / self.variance();
        Line { slope, intercept: self.y / self.n - slope * self.x / self.n }
    }
}

/// The regression line through `values` at `times` (ms) with time 0 at `origin_ms`. Equal values give a flat
/// line, unless they are infinite. Without values everything is NaN.
#[must_use]
pub fn linear_regression(times: &[i64], values: &[f64], origin_ms: i64) -> Line {
    let Some(&first) = values.first() else { return Line { slope: f64::NAN, intercept: f64::NAN } };
    let mut constant = true;
    let mut n = 0.0;
    let (mut x_sum, mut y_sum) = (CompensatedSum::default(), CompensatedSum::default());
    let (mut xy_sum, mut xx_sum) = (CompensatedSum::default(), CompensatedSum::default());
    for (i, (&t, &y)) in times.iter().zip(values).enumerate() {
        constant &= i == 0 || y == first;
        n += 1.0;
        let x = t.wrapping_sub(origin_ms) as f64 / 1e3;
        x_sum.add(x);
        y_sum.add(y);
        xy_sum.add(x * y);
        xx_sum.add(x * x);
    }
    if constant {
        let intercept = if first.is_infinite() { f64::NAN } else { first };
        return Line { slope: if first.is_infinite() { f64::NAN } else { 0.0 }, intercept };
    }
    Regression { n, x: x_sum.value(), y: y_sum.value(), xy: xy_sum.value(), xx: xx_sum.value() }.line()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f64]) -> f64 {
        let mut s = CompensatedSum::default();
        values.iter().for_each(|&x| s.add(x));
        s.value()
    }

    #[test]
    fn sums_keep_what_rounding_loses() {
        assert_eq!(sum(&[1.0, 1e16, 1.0, -1e16]), 2.0);
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum(&[1e308, 1e308, 1.0]), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn merged_sums_keep_it_too() {
        let mut left = CompensatedSum::starting_with(1.0);
        left.add(1e16);
        let mut right = CompensatedSum::starting_with(1.0);
        right.add(-1e16);
        left.merge(right);
        assert_eq!(left.value(), 2.0);
    }

    #[test]
    fn means_survive_overflow() {
        let mean = Mean::of(&[1.5e308, 1.5e308, 5e307]);
        assert!((mean / 1.166_666_666_666_666_7e308 - 1.0).abs() < 1e-12, "{mean}");
        assert_eq!(Mean::of(&[1.0, 1e100, 1.0, -1e100]), 0.5);
        assert_eq!(Mean::of(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(Mean::of(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(Mean::of(&[]).is_nan());
    }

    #[test]
    fn merged_means_survive_overflow() {
        let mut left = Mean::starting_with(1.5e308);
        let mut right = Mean::starting_with(1.5e308);
        right.add(5e307);
        left.merge(right);
        assert!((left.finish() / 1.166_666_666_666_666_7e308 - 1.0).abs() < 1e-12);
        left.merge(Mean::starting_with(-1e307));
        assert!((left.finish() / 8.5e307 - 1.0).abs() < 1e-12, "{}", left.finish());
    }

    #[test]
    fn variances() {
        assert_eq!(compensated_variance(&[1.0, 2.0, 3.0, 4.0]), 1.25);
        assert!(compensated_variance(&[1.0, f64::INFINITY]).is_nan());
        assert!(compensated_variance(&[f64::INFINITY]).is_nan());
        let mut w = Welford::starting_with(1.0);
        w.add(2.0);
        let mut rest = Welford::starting_with(3.0);
        rest.add(4.0);
        w.merge(rest);
        assert_eq!(w.variance(), 1.25);
        assert!(Welford::starting_with(f64::NAN).variance().is_nan());
    }

    #[test]
    fn quantiles() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(close(quantile(0.3, &mut [1.0, 4.0, 2.0]), 1.6));
        assert!(close(quantile(0.9, &mut [nan, 2.0, 1.0]), 1.8));
        assert!(quantile(0.1, &mut [2.0, nan, 1.0]).is_nan());
        assert!(quantile(0.5, &mut [1.0, 2.0, inf]).is_nan());
        assert!(quantile(1.0, &mut [1.0, inf]).is_nan());
        assert_eq!(quantile(1.0, &mut [1.0, 3.0, 2.0]), 3.0);
        assert_eq!(quantile(-0.1, &mut [1.0]), -inf);
        assert_eq!(quantile(1.1, &mut [1.0]), inf);
        assert!(quantile(nan, &mut [1.0]).is_nan());
        assert!(quantile(2.0, &mut []).is_nan());
    }

    #[test]
    fn regression() {
        let line = linear_regression(&[0, 60_000, 120_000], &[1.0, 3.0, 4.0], 0);
        assert!((line.slope - 0.025).abs() < 1e-12);
        let line = linear_regression(&[0, 60_000, 120_000], &[1.0, 3.0, 4.0], 120_000);
        assert!((line.slope * 60.0 + line.intercept - 5.666_666_666_666_667).abs() < 1e-12);
        assert_eq!(linear_regression(&[0, 1], &[7.0, 7.0], 0), Line { slope: 0.0, intercept: 7.0 });
        assert!(linear_regression(&[0, 1], &[f64::INFINITY; 2], 0).slope.is_nan());
    }

    #[test]
    fn extremes_prefer_numbers() {
        assert_eq!([2.0, f64::NAN, 1.0].into_iter().fold(f64::NAN, min_step), 1.0);
        assert_eq!([2.0, f64::NAN, 1.0].into_iter().fold(f64::NAN, max_step), 2.0);
    }
}
