//! Subqueries: a grid of their own, at absolute multiples of their step.

use promqlite_model::{Grid, Millis, Timestamp};

use super::duration::Sign;
use super::{Buckets, LowerError, Lowerer, Scope};
use crate::node::{RangeInput, TimeMap};
use crate::typed::Subquery;

impl Lowerer<'_> {
    pub(super) fn subquery(&mut self, node: &Subquery, scope: Scope) -> Result<RangeInput, LowerError> {
        let ends = self.times(&node.offset, node.at, scope)?;
        let step = match &node.step {
            Some(step) => self.durations.resolve(step, Sign::Positive)?,
            None => Millis::ZERO,
        };
        let range = self.durations.resolve(&node.range, Sign::Positive)?;
        // A step below a millisecond counts as none.
        let step = if step.0 > 0 { step } else { Millis(self.params.default_subquery_step.0.max(1)) };
        let grid = inner_grid(ends, scope.grid.len, range, step);
        let input = self.boxed(&node.input, Scope { grid, step, buckets: Buckets::Needed, ..scope })?;
        Ok(RangeInput::Subquery { input, ends, range })
    }
}

/// The multiples of `step` in any of the windows `(end − range, end]`.
fn inner_grid(ends: TimeMap, windows: usize, range: Millis, step: Millis) -> Grid {
    let last_end = i128::from(ends.time(windows.saturating_sub(1)).0);
    let begin = i128::from(ends.first.0) - i128::from(range.0);
    let interval = i128::from(step.0);
    let first = (begin.div_euclid(interval) + 1) * interval;
    let len = if windows == 0 || first > last_end { 0 } else { (last_end - first) / interval + 1 };
    let clamped = first.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    Grid { start: Timestamp(clamped), step, len: usize::try_from(len).unwrap_or(usize::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(first_end_s: i64, step_s: i64, windows: usize, range_s: i64, inner_s: i64) -> Vec<i64> {
        let ends = TimeMap { first: Timestamp(first_end_s * 1000), step: Millis(step_s * 1000) };
        let grid = inner_grid(ends, windows, Millis(range_s * 1000), Millis(inner_s * 1000));
        grid.times().map(|t| t.0 / 1000).collect()
    }

    #[test]
    fn inner_steps_are_absolute_multiples_in_left_open_windows() {
        assert_eq!(times(1003, 0, 1, 30, 10), [980, 990, 1000]);
        assert_eq!(times(998, 0, 1, 30, 10), [970, 980, 990]);
        assert_eq!(times(70, 0, 1, 5, 60), [0; 0]);
        assert_eq!(times(10, 0, 1, 50, 10), [-30, -20, -10, 0, 10]);
        assert_eq!(times(-55, 0, 1, 10, 10), [-60]);
        assert_eq!(times(100, 60, 3, 30, 30), [90, 120, 150, 180, 210]);
        assert_eq!(times(100, 60, 0, 30, 30), [0; 0]);
    }
}
