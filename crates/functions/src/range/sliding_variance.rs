//! Variances of overlapping windows in O(1) operations a step.
//!
//! The variance of a window is put together from those of its two parts and the distance of their means (Chan, Golub,
//! LeVeque: Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979). It only adds what is
//! positive, so nothing cancels.

use super::two_stacks::{LastSeen, TwoStacks};
use crate::numeric::CompensatedVariance;

/// The population variances of windows that only move right over `values`.
pub(super) struct SlidingVariance<'a> {
    values: &'a [f64],
    stacks: TwoStacks<CompensatedVariance>,
    seen: LastSeen<'a>,
}

/// How many standard deviations a mean may be away from 0. Distances from it are then known to some 1e-13, and the
/// variance is that of a pass over the window to 1e-12.
const FARTHEST_MEAN: f64 = 1e3;

/// Below this squares of distances lose digits, or vanish.
const SMALLEST: f64 = 1e-280;

impl<'a> SlidingVariance<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        Self { values, stacks: TwoStacks::new(), seen: LastSeen::new(values) }
    }

    /// The variance of `values[lo..hi]`, which is not empty; `None` where the roundings of a pass over the window
    /// would show.
    #[inline]
    pub(super) fn variance(&mut self, lo: usize, hi: usize) -> Option<f64> {
        let values = self.values;
        self.seen.advance(lo, hi);
        let (before, after) = self.stacks.parts(lo, hi, |part, i, _| part.add(values[i]));
        if !self.seen.finite_from(lo) {
            return Some(f64::NAN);
        }
        if self.seen.constant_from(lo) {
            return Some(0.0);
        }
        let all = before.merged(after);
        let (mean, variance) = (all.mean(), all.variance());
        let squared = (mean / FARTHEST_MEAN) * (mean / FARTHEST_MEAN);
        (variance > SMALLEST && variance < f64::MAX && squared <= variance).then_some(variance)
    }
}
