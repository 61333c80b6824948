//! From the change between a window's first and last sample to the change over the window.

/// Where a window's samples lie, in ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Left edge of the window.
    pub(super) begin: i64,
    /// Right edge of the window.
    pub(super) end: i64,
    /// Time of the first sample.
    pub(super) first: i64,
    /// Time of the last sample.
    pub(super) last: i64,
    /// Number of samples less one.
    pub(super) gaps: usize,
    /// When the counter is known to have been 0, inside the window and before the first sample.
    pub(super) zero: Option<i64>,
}

impl Span {
    /// Seconds from the first to the last sample, and by how many the first may be extended to the left, for a counter
    /// that is never near zero.
    pub(super) fn sampled_and_before(&self) -> (f64, f64) {
        let sampled = seconds(self.first, self.last);
        (sampled, extended(seconds(self.begin, self.first), self.gap(sampled)))
    }

    /// The mean distance of two samples.
    fn gap(&self, sampled: f64) -> f64 {
        if self.gaps == 0 { 0.0 } else { sampled / self.gaps as f64 }
    }

    /// What the change is multiplied by. A side is extrapolated to the edge if the edge is about one sample away,
    /// else by half a gap; a counter never below zero, for which `counter` is its first value and its change.
    #[inline]
    pub(super) fn factor(&self, counter: Option<(f64, f64)>) -> f64 {
        let (mut sampled, mut before) = self.sampled_and_before();
        let after = extended(seconds(self.last, self.end), self.gap(sampled));
        if let Some(zero) = self.zero {
            (sampled, before) = (seconds(zero, self.last), 0.0);
        } else {
            if let Some((first, change)) = counter
                && change > 0.0
                && first >= 0.0
            {
                let to_zero = sampled * (first / change);
                if to_zero < before {
                    before = to_zero;
                }
            }
        }
        if sampled == 0.0 { 1.0 } else { (sampled + before + after) / sampled }
    }
}

/// Seconds between two times in ms.
#[inline]
pub(super) fn seconds(from: i64, to: i64) -> f64 {
    to.wrapping_sub(from) as f64 / 1000.0
}

/// How far a side is extrapolated: to the edge, unless that is farther away than a sample should be.
#[inline]
pub(super) fn extended(to_edge: f64, gap: f64) -> f64 {
    if to_edge >= gap * 1.1 { gap / 2.0 } else { to_edge }
}
