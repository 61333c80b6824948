//! Instants, spans and evaluation grids, all in milliseconds.

use std::ops::{Add, Sub};

/// An instant, in ms since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A length of time in ms; may be negative, as offsets are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Timestamp {
    /// The earliest instant.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant in seconds, as PromQL shows it.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// The span in seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, rhs: Millis) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: Millis) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl Sub for Timestamp {
    type Output = Millis;
    fn sub(self, rhs: Self) -> Millis {
        Millis(self.0.saturating_sub(rhs.0))
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

/// A closed range of instants: both ends belong to it. Empty when `start > end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// First instant.
    pub start: Timestamp,
    /// Last instant.
    pub end: Timestamp,
}

impl TimeRange {
    /// Every instant there is.
    pub const ALL: Self = Self { start: Timestamp::MIN, end: Timestamp::MAX };

    /// The range from `start` to `end`, both in ms and both inside.
    #[must_use]
    pub fn new(start_ms: i64, end_ms: i64) -> Self {
        Self { start: Timestamp(start_ms), end: Timestamp(end_ms) }
    }

    /// Whether `t` lies in the range.
    #[must_use]
    pub fn contains(&self, t: Timestamp) -> bool {
        self.start <= t && t <= self.end
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The samples of `times` (ascending, ms) inside the range, as an index range.
    #[must_use]
    pub fn slice(&self, times: &[i64]) -> std::ops::Range<usize> {
        let lo = first_at_or_after(times, self.start.0);
        let end = self.end.0.saturating_add(1);
        let hi = if end > self.end.0 { lo + first_at_or_after(&times[lo..], end) } else { times.len() };
        lo..hi
    }
}

/// The index of the first of `times` (ascending, ms) that is after `t`, from index `from` on; their number if none is.
/// Quick where that is near, as for the edges of windows that move a step.
#[must_use]
#[inline]
pub fn first_after(times: &[i64], from: usize, t: i64) -> usize {
    let near = times.len().min(from + 8);
    let mut i = from;
    while i < near && times[i] <= t {
        i += 1;
    }
    if i < near { i } else { first_far_after(times, i, t) }
}

/// [`first_after`] where that is not among the next few: looks ever further, then guesses.
fn first_far_after(times: &[i64], from: usize, t: i64) -> usize {
    let mut i = from;
    for reach in [8, 16, 32, 64] {
        if times.len() - i <= reach || times[i + reach] > t {
            let ahead = &times[i..times.len().min(i + reach)];
            return i + ahead.partition_point(|&time| time <= t);
        }
        i += reach;
    }
    match t.checked_add(1) {
        Some(t) => i + first_at_or_after(&times[i..], t),
        None => times.len(),
    }
}

/// The index of the first of `times` (ascending, ms) that is not before `t`; their number if all are.
///
/// Samples mostly come at a fixed interval, so the place is guessed from the ends, and searched for from there:
/// binary search would wait for memory about ten times in a long series that is not in the caches.
#[must_use]
pub fn first_at_or_after(times: &[i64], t: i64) -> usize {
    let [first, .., last] = *times else { return times.partition_point(|&time| time < t) };
    if t <= first {
        return 0;
    }
    if t > last {
        return times.len();
    }
    // From here on times[0] < t <= times[len - 1].
    let share = (t as f64 - first as f64) / (last as f64 - first as f64);
    let guess = ((share * (times.len() - 1) as f64) as usize).min(times.len() - 1);
    let mut reach = 1;
    if times[guess] < t {
        let mut below = guess;
        loop {
            let above = (below + reach).min(times.len() - 1);
            if times[above] >= t {
                return below + 1 + times[below + 1..above].partition_point(|&time| time < t);
            }
            (below, reach) = (above, reach * 2);
        }
    }
    let mut above = guess;
    loop {
        let below = above.saturating_sub(reach);
        if times[below] < t {
            return below + 1 + times[below + 1..above].partition_point(|&time| time < t);
        }
        (above, reach) = (below, reach * 2);
    }
}

/// The instants at which an expression is evaluated: `start + k·step` for `k < len`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grid {
    /// First step.
    pub start: Timestamp,
    /// Distance of two steps; 0 only when `len` is at most 1.
    pub step: Millis,
    /// Number of steps.
    pub len: usize,
}

impl Grid {
    /// A grid of a single step.
    #[must_use]
    pub fn instant(t: Timestamp) -> Self {
        Self { start: t, step: Millis::ZERO, len: 1 }
    }

    /// The grid of a range query: steps from `start` while they do not pass `end`. `step` must be positive.
    #[must_use]
    pub fn range(start: Timestamp, end: Timestamp, step: Millis) -> Self {
        assert!(step.0 > 0, "invariant: a range grid has a positive step");
        let len =
            if end < start { 0 } else { (i128::from(end.0) - i128::from(start.0)) / i128::from(step.0) + 1 };
        Self { start, step, len: usize::try_from(len).unwrap_or(usize::MAX) }
    }

    /// The instant of step `k`.
    #[must_use]
    pub fn time(&self, k: usize) -> Timestamp {
        Timestamp(self.start.0.saturating_add(self.step.0.saturating_mul(k as i64)))
    }

    /// The last step; the start if the grid is empty.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.time(self.len.saturating_sub(1))
    }

    /// All steps in order.
    pub fn times(&self) -> impl ExactSizeIterator<Item = Timestamp> + '_ {
        (0..self.len).map(|k| self.time(k))
    }

    /// The same grid, `by` earlier.
    #[must_use]
    pub fn shifted_back(&self, by: Millis) -> Self {
        Self { start: self.start - by, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_grid_stops_at_the_last_step_inside() {
        let grid = Grid::range(Timestamp(0), Timestamp(10_000), Millis(4_000));
        assert_eq!(grid.times().map(|t| t.0).collect::<Vec<_>>(), [0, 4_000, 8_000]);
        assert_eq!(grid.end(), Timestamp(8_000));
    }

    #[test]
    fn slice_takes_both_ends() {
        assert_eq!(TimeRange::new(10, 20).slice(&[5, 10, 15, 20, 25]), 1..4);
        assert_eq!(TimeRange::new(30, 20).slice(&[5, 10]), 2..2);
        assert_eq!(TimeRange::ALL.slice(&[i64::MIN, 0, i64::MAX]), 0..3);
    }

    #[test]
    fn guided_search_finds_what_binary_search_finds() {
        let irregular: Vec<i64> = (0..200).map(|i: i64| i * i * i - 50 * i * i + 2500 * i).collect();
        let gap: Vec<i64> = (0..50).chain(100_000..100_050).collect();
        let regular: Vec<i64> = (0..1000).map(|i| 7 + 15 * i).collect();
        let extreme = vec![i64::MIN, -1, 0, 1, 2, 3, i64::MAX];
        for times in [irregular, gap, regular, extreme, vec![], vec![3], vec![3, 4]] {
            assert!(times.is_sorted());
            let around = times.iter().flat_map(|&t| [t.saturating_sub(1), t, t.saturating_add(1)]);
            for t in around.chain([i64::MIN, 0, 50_000, i64::MAX]) {
                let expected = times.partition_point(|&time| time < t);
                assert_eq!(super::first_at_or_after(&times, t), expected, "{t} in {times:?}");
            }
        }
    }
}
