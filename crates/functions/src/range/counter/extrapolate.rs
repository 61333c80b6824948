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
        let sampled = self.last.wrapping_sub(self.first) as f64 / 1000.0;
        let gap = sampled / self.gaps as f64;
        let before = self.first.wrapping_sub(self.begin) as f64 / 1000.0;
        (sampled, if before >= gap * 1.1 { gap / 2.0 } else { before })
    }

    /// What the change is multiplied by. A side is extrapolated to the edge if the edge is about one sample away,
    /// else by half a gap; a counter never below zero, for which `counter` is its first value and its change.
    #[inline]
    pub(super) fn factor(&self, counter: Option<(f64, f64)>) -> f64 {
        let seconds = |from: i64, to: i64| to.wrapping_sub(from) as f64 / 1000.0;
        let mut sampled = seconds(self.first, self.last);
        let gap = if self.gaps == 0 { 0.0 } else { sampled / self.gaps as f64 };
        let threshold = gap * 1.1;
        let mut before = 0.0;
        if let Some(zero) = self.zero {
            sampled = seconds(zero, self.last);
        } else {
            before = seconds(self.begin, self.first);
            if before >= threshold {
                before = gap / 2.0;
            }
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
        let mut after = seconds(self.last, self.end);
        if after >= threshold {
            after = gap / 2.0;
        }
        if sampled == 0.0 { 1.0 } else { (sampled + before + after) / sampled }
    }
}
