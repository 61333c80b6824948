//! Smoothed windows of floats, many at once: what [`super::extended`] does for one, as loops over slices, operation by
//! operation the same, so that results are equal to the last bit.

use promqlite_model::is_near;

use super::Kind;
use super::floats::Resets;
use crate::Windows;
use crate::range::strides::{self, BLOCK, Strided, are_regular};

/// Fewer windows are as quick one by one.
pub(super) const FEW: usize = 8;

/// The windows from `k` on to the end of their block, if their edges move alike and lie between samples: `lo` is the
/// sample at or before the left edge of the first, `hi` that at or behind its right edge. `inside` is the first sample
/// behind the left edge, `behind` the first not before the right one.
pub(super) fn strided(w: &Windows<'_>, k: usize, inside: usize, behind: usize) -> Option<Strided> {
    let times = w.samples.times;
    let len = BLOCK.min(w.len() - k);
    if len < FEW {
        return None;
    }
    let right = (behind, w.end(k).saturating_sub(1));
    let block = strides::strided(w, k, len, (inside, w.begin(k)), right)?;
    let block = Strided { lo: inside.checked_sub(1)?, ..block };
    let (first, last) = (times[block.lo], times.get(block.last_hi())?);
    (is_near(first) && is_near(*last)).then_some(block)
}

/// Changes of the value over the windows of a block.
pub(super) struct Changes {
    pub(super) of_window: [f64; BLOCK],
    left: Edge,
    right: Edge,
}

impl Changes {
    pub(super) fn new() -> Self {
        Self { of_window: [0.0; BLOCK], left: Edge::new(), right: Edge::new() }
    }

    /// Computes the changes, if no window holds a reset and the lookback reaches all samples around the edges.
    pub(super) fn compute(&mut self, kind: Kind, w: &Windows<'_>, block: &Strided, resets: &Resets) -> bool {
        if resets.any_between(block.lo, block.last_hi() + 1) {
            return false;
        }
        let left = self.left.find(w, block, block.lo, w.begin(block.k));
        let right = self.right.find(w, block, block.hi - 1, w.end(block.k));
        let (Some(left), Some(right)) = (left, right) else { return false };
        // A point on a rising line may be rounded beyond the line's end, which counts as a reset.
        let rises = |from: &[f64], to: &[f64]| {
            !from.iter().zip(to).fold(false, |falls, (from, to)| falls | (to < from))
        };
        let drops = kind.is_counter()
            && if block.lo + 1 < block.hi {
                !rises(left.points, left.after) || !rises(right.before, right.points)
            } else {
                !rises(left.points, right.points)
            };
        for (out, (right, left)) in self.of_window.iter_mut().zip(right.points.iter().zip(left.points)) {
            *out = right - left;
        }
        !drops
    }
}

/// Room for what lies around one edge of each window.
struct Edge {
    times_before: [i64; BLOCK],
    times_after: [i64; BLOCK],
    before: [f64; BLOCK],
    after: [f64; BLOCK],
    points: [f64; BLOCK],
}

/// Values around one edge of each window: that before or at the edge, that at the edge, that behind or at the edge.
struct Around<'a> {
    before: &'a [f64],
    points: &'a [f64],
    after: &'a [f64],
}

impl Edge {
    fn new() -> Self {
        Self {
            times_before: [0; BLOCK],
            times_after: [0; BLOCK],
            before: [0.0; BLOCK],
            after: [0.0; BLOCK],
            points: [0.0; BLOCK],
        }
    }

    /// Sample `first` is the one before the first window's edge, which is at `at`, ms. `None` where the lookback may not
    /// reach from an edge to the samples around it.
    fn find<'a>(
        &'a mut self,
        w: &Windows<'a>,
        block: &Strided,
        first: usize,
        mut at: i64,
    ) -> Option<Around<'a>> {
        let (times, values) = (w.samples.times, w.samples.values);
        let t1 = block.each(first, times, &mut self.times_before);
        let t2 = block.each(first + 1, times, &mut self.times_after);
        let before = block.each(first, values, &mut self.before);
        let after = block.each(first + 1, values, &mut self.after);
        let out = &mut self.points[..block.len];
        if are_regular(t1, w.end_step) && are_regular(t2, w.end_step) {
            // Scrapes are aligned to the millisecond, so that mostly all edges cut lines alike.
            let (t1, t2) = (t1[0], t2[0]);
            if t2 - t1 > w.lookback.0 {
                return None;
            }
            let points = if at == t1 {
                before
            } else if at == t2 {
                after
            } else {
                let fraction = fraction(at, t1, t2);
                for (point, (before, after)) in out.iter_mut().zip(before.iter().zip(after)) {
                    *point = before + (after - before) * fraction;
                }
                out
            };
            return Some(Around { before, points, after });
        }
        let mut longest = 0;
        for (point, ((&t1, &t2), (&before, &after))) in
            out.iter_mut().zip(t1.iter().zip(t2).zip(before.iter().zip(after)))
        {
            let between = before + (after - before) * fraction(at, t1, t2);
            let inside = if at == t1 { before } else { between };
            *point = if at == t2 { after } else { inside };
            longest = longest.max(t2 - t1);
            at += w.end_step;
        }
        (longest <= w.lookback.0).then_some(Around { before, points: out, after })
    }
}

fn fraction(at: i64, t1: i64, t2: i64) -> f64 {
    (at - t1) as f64 / (t2 - t1) as f64
}
