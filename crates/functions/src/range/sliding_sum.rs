//! Sums of overlapping windows in O(1) additions a step.
//!
//! Each of the two parts is a compensated sum, and so is putting them together.

use super::two_stacks::TwoStacks;
use crate::numeric::{CompensatedSum, compensated_add};

/// A sum and the largest magnitude in it, NaN counting as infinite.
#[derive(Clone, Copy, Default)]
struct Part {
    sum: CompensatedSum,
    largest: f64,
}

impl Part {
    #[inline]
    fn add(&mut self, x: f64) {
        self.sum.add(x);
        // A comparison with NaN is false, so that NaN takes the else branch and makes the window a special case.
        let magnitude = if x.abs() <= f64::MAX { x.abs() } else { f64::INFINITY };
        self.largest = self.largest.max(magnitude);
    }
}

/// The sums of windows that only move right over `values`.
pub(super) struct SlidingSum<'a> {
    values: &'a [f64],
    stacks: TwoStacks<Part>,
}

impl<'a> SlidingSum<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        Self { values, stacks: TwoStacks::new() }
    }

    /// The compensated sum of `values[lo..hi]`; `None` where only one pass over the window in order tells what
    /// PromQL yields: it holds NaN or an infinity, it may overflow, or so much cancels that the order of
    /// additions would show.
    #[inline]
    pub(super) fn sum(&mut self, lo: usize, hi: usize) -> Option<CompensatedSum> {
        let values = self.values;
        let (before, after) = self.stacks.parts(lo, hi, |part, i, _| part.add(values[i]));
        let total = joined(before.sum, after.sum);
        let n = (hi - lo) as f64;
        let largest = before.largest.max(after.largest);
        // What orders of addition can differ by is about n²·ε² of the largest value, far below 1e-13 of the result.
        let tolerable = 1e-13 * total.value().abs() >= (n * f64::EPSILON) * (n * f64::EPSILON) * largest;
        (largest < f64::MAX / (2.0 * n) && tolerable).then_some(total)
    }
}

/// The sum of two sums that do not overflow.
#[inline]
pub(super) fn joined(before: CompensatedSum, after: CompensatedSum) -> CompensatedSum {
    let (sum, compensation) = compensated_add(before.sum, before.compensation, after.sum);
    CompensatedSum { sum, compensation: compensation + after.compensation }
}
