//! Sums of overlapping windows in O(1) additions a step.
//!
//! A running total that adds what enters and subtracts what leaves would lose small values next to big ones for good.
//! Two stacks subtract nothing: the window is cut at a point; for every sample before the cut the sum from there up
//! to the cut is kept, and one sum grows behind it. Each sum is compensated, and so is putting the two together.

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
    /// `before[i]` is the part from sample `origin + i` up to the cut.
    before: Vec<Part>,
    origin: usize,
    cut: usize,
    /// The part from the cut up to `end`.
    after: Part,
    end: usize,
}

impl<'a> SlidingSum<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        Self { values, before: Vec::new(), origin: 0, cut: 0, after: Part::default(), end: 0 }
    }

    /// The compensated sum of `values[lo..hi]`; `None` where only one pass over the window in order tells what
    /// PromQL yields: it holds NaN or an infinity, it may overflow, or so much cancels that the order of
    /// additions would show.
    #[inline]
    pub(super) fn sum(&mut self, lo: usize, hi: usize) -> Option<CompensatedSum> {
        if lo >= self.cut {
            self.move_cut(lo, hi);
        }
        while self.end < hi {
            self.after.add(self.values[self.end]);
            self.end += 1;
        }
        let before = if lo < self.cut { self.before[lo - self.origin] } else { Part::default() };
        let (sum, compensation) =
            compensated_add(before.sum.sum, before.sum.compensation, self.after.sum.sum);
        let total = CompensatedSum { sum, compensation: compensation + self.after.sum.compensation };
        let n = (hi - lo) as f64;
        let largest = before.largest.max(self.after.largest);
        // What orders of addition can differ by is about n²·ε² of the largest value, far below 1e-13 of the result.
        let tolerable = 1e-13 * total.value().abs() >= (n * f64::EPSILON) * (n * f64::EPSILON) * largest;
        (largest < f64::MAX / (2.0 * n) && tolerable).then_some(total)
    }

    /// Everything in the window is before the cut now.
    fn move_cut(&mut self, lo: usize, hi: usize) {
        (self.origin, self.cut, self.end) = (lo, hi, hi);
        self.after = Part::default();
        self.before.clear();
        self.before.resize(hi - lo, Part::default());
        let mut part = Part::default();
        for (slot, &x) in self.before.iter_mut().zip(&self.values[lo..hi]).rev() {
            part.add(x);
            *slot = part;
        }
    }
}
