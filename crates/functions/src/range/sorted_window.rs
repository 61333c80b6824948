//! The floats of a moving window in order, for quantiles and medians of long overlapping windows.
//!
//! A sorted vector: finding a place is a binary search, and moving the tail by one is a `memmove`, which for windows
//! of up to some ten thousand samples is quicker than any tree, and far quicker than selecting afresh.

use std::cmp::Ordering;

use crate::numeric::QuantileRank;

/// The values of `samples[lo..hi]`, sorted with NaN first, while `lo` and `hi` only move right.
pub(super) struct SortedWindow<'a> {
    values: &'a [f64],
    sorted: Vec<f64>,
    lo: usize,
    hi: usize,
}

impl<'a> SortedWindow<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        Self { values, sorted: Vec::new(), lo: 0, hi: 0 }
    }

    /// Moves on to another window.
    pub(super) fn move_to(&mut self, lo: usize, hi: usize) {
        let kept = self.hi.saturating_sub(lo);
        if kept == 0 || kept < (hi - lo) / 2 {
            // More enters than stays: sorting afresh is cheaper.
            self.sorted.clear();
            self.sorted.extend_from_slice(&self.values[lo..hi]);
            self.sorted.sort_unstable_by(order);
        } else {
            for &value in &self.values[self.lo..lo] {
                let at = self.place(value);
                debug_assert!(order(&self.sorted[at], &value).is_eq(), "invariant: what leaves was there");
                self.sorted.remove(at);
            }
            for &value in &self.values[self.hi..hi] {
                self.sorted.insert(self.place(value), value);
            }
        }
        (self.lo, self.hi) = (lo, hi);
    }

    fn place(&self, value: f64) -> usize {
        self.sorted.partition_point(|known| order(known, &value).is_lt())
    }

    /// Quantile `q` of the window.
    pub(super) fn quantile(&self, q: f64) -> f64 {
        match QuantileRank::new(q, self.sorted.len()) {
            Ok(rank) => rank.interpolate(self.sorted[rank.lo], self.sorted[rank.hi]),
            Err(fixed) => fixed,
        }
    }

    /// The median absolute deviation; `None` if the window holds NaN or an infinity, so that distances have no order.
    pub(super) fn median_absolute_deviation(&self) -> Option<f64> {
        let (first, last) = (self.sorted.first()?, self.sorted.last()?);
        let median = self.quantile(0.5);
        if !(first.is_finite() && last.is_finite() && median.is_finite()) {
            return None;
        }
        let rank = QuantileRank::new(0.5, self.sorted.len()).ok()?;
        let below = self.sorted.partition_point(|&v| v < median);
        let distances = Distances { below: &self.sorted[..below], above: &self.sorted[below..], median };
        Some(rank.interpolate(distances.nth(rank.lo), distances.nth(rank.hi)))
    }
}

/// NaN first, and −0 before 0, so that equal means interchangeable.
fn order(a: &f64, b: &f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(b),
        (x, y) => y.cmp(&x),
    }
}

/// Distances of sorted values from their median: ascending from the cut in the middle to either end.
struct Distances<'s> {
    below: &'s [f64],
    above: &'s [f64],
    median: f64,
}

impl Distances<'_> {
    fn left(&self, i: usize) -> f64 {
        (self.below[self.below.len() - 1 - i] - self.median).abs()
    }

    fn right(&self, i: usize) -> f64 {
        (self.above[i] - self.median).abs()
    }

    /// The distance of rank `n`, from 0: the n + 1 smallest are some of the left and the rest of the right ones,
    /// and a binary search finds how many of each.
    fn nth(&self, n: usize) -> f64 {
        let wanted = n + 1;
        let (mut least, mut most) = (wanted.saturating_sub(self.above.len()), wanted.min(self.below.len()));
        while least < most {
            let left = least + (most - least) / 2;
            // With `left` from the left, is the next on the left smaller than the last taken from the right?
            if self.left(left) < self.right(wanted - left - 1) {
                least = left + 1;
            } else {
                most = left;
            }
        }
        let of_left = if least > 0 { self.left(least - 1) } else { 0.0 };
        let of_right = if wanted > least { self.right(wanted - least - 1) } else { 0.0 };
        of_left.max(of_right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_in_order() {
        let sorted = [1.0, 2.0, 4.0, 4.0, 10.0, 11.0];
        let cut = 2;
        let distances = Distances { below: &sorted[..cut], above: &sorted[cut..], median: 4.0 };
        let all: Vec<f64> = (0..sorted.len()).map(|n| distances.nth(n)).collect();
        assert_eq!(all, [0.0, 0.0, 2.0, 3.0, 6.0, 7.0]);
    }

    #[test]
    fn medians_of_a_moving_window() {
        let values = [1.0, 2.0, 4.0, 4.0, 10.0, f64::NAN, -0.0, 0.0];
        let mut window = SortedWindow::new(&values);
        window.move_to(0, 5);
        assert_eq!((window.quantile(0.5), window.median_absolute_deviation()), (4.0, Some(2.0)));
        window.move_to(1, 6);
        assert_eq!((window.quantile(0.5), window.median_absolute_deviation()), (4.0, None));
        window.move_to(7, 8);
        assert_eq!((window.quantile(0.5), window.median_absolute_deviation()), (0.0, Some(0.0)));
        let mut window = SortedWindow::new(&values);
        window.move_to(0, 5);
        window.move_to(6, 8);
        assert_eq!((window.quantile(0.5), window.median_absolute_deviation()), (0.0, Some(0.0)));
    }
}
