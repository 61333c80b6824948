//! What is added up over overlapping windows, in O(1) additions a step and without ever subtracting.
//!
//! A running total that adds what enters and subtracts what leaves would lose small values next to big ones for good.
//! Two stacks subtract nothing: the window is cut at a point; for every sample before the cut the total from there up
//! to the cut is kept, and one total grows behind it.

/// The two parts of windows that only move right. A part is empty by default.
pub(super) struct TwoStacks<P> {
    /// `before[i]` is the part from sample `origin + i` up to the cut.
    before: Vec<P>,
    origin: usize,
    cut: usize,
    /// The part from the cut up to `end`.
    after: P,
    end: usize,
}

impl<P: Copy + Default> TwoStacks<P> {
    pub(super) fn new() -> Self {
        Self { before: Vec::new(), origin: 0, cut: 0, after: P::default(), end: 0 }
    }

    /// The parts of the window `lo..hi` before and behind the cut. `add(part, i, cut)` adds sample `i` to a part:
    /// samples before the cut from right to left, those behind it from left to right.
    #[inline]
    pub(super) fn parts(&mut self, lo: usize, hi: usize, add: impl Fn(&mut P, usize, usize)) -> (P, P) {
        if lo >= self.cut {
            self.move_cut(lo, hi, &add);
        }
        while self.end < hi {
            add(&mut self.after, self.end, self.cut);
            self.end += 1;
        }
        let before = if lo < self.cut { self.before[lo - self.origin] } else { P::default() };
        (before, self.after)
    }

    /// Sample number of the first sample behind the cut.
    #[inline]
    pub(super) fn cut(&self) -> usize {
        self.cut
    }

    /// Everything in the window is before the cut now.
    fn move_cut(&mut self, lo: usize, hi: usize, add: &impl Fn(&mut P, usize, usize)) {
        (self.origin, self.cut, self.end) = (lo, hi, hi);
        self.after = P::default();
        self.before.clear();
        self.before.resize(hi - lo, P::default());
        let mut part = P::default();
        for (i, slot) in (lo..hi).zip(&mut self.before).rev() {
            add(&mut part, i, hi);
            *slot = part;
        }
    }
}

/// Where the values of windows that only move right last changed, and where one was last not finite.
pub(super) struct LastSeen<'a> {
    values: &'a [f64],
    end: usize,
    change: usize,
    /// Behind the last value that is NaN or infinite.
    odd: usize,
}

impl<'a> LastSeen<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        Self { values, end: 0, change: 0, odd: 0 }
    }

    /// Takes in all samples before `hi`.
    #[inline]
    pub(super) fn advance(&mut self, lo: usize, hi: usize) {
        // What lies before the window does not matter.
        for i in self.end.max(lo)..hi {
            let value = self.values[i];
            if i > 0 && value != self.values[i - 1] {
                self.change = i;
            }
            if !value.is_finite() {
                self.odd = i + 1;
            }
        }
        self.end = self.end.max(hi);
    }

    /// Whether all values from `lo` on are equal, NaN being unequal to itself.
    #[inline]
    pub(super) fn constant_from(&self, lo: usize) -> bool {
        self.change <= lo
    }

    /// Whether all values from `lo` on are finite.
    #[inline]
    pub(super) fn finite_from(&self, lo: usize) -> bool {
        self.odd <= lo
    }
}
