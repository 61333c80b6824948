//! Extrapolation for many windows at once: [`Span::factor`] as loops over arrays, operation by operation the same, so
//! that results are equal to the last bit.

use super::Kind;
use super::extrapolate::{Span, extended, seconds};
use crate::Windows;
use crate::range::strides::{BLOCK, Strided, are_regular};

/// Windows of equally many samples and without resets.
pub(super) struct Alike {
    kind: Kind,
    len: usize,
    /// Left edge of the first window, ms, and the distance to the next.
    begin: i64,
    step: i64,
    /// Length of a window, ms.
    range: i64,
    /// Number of samples of a window less one, at least one.
    gaps: usize,
    /// Times of the first and the last sample of each window, ms.
    pub(super) first: [i64; BLOCK],
    pub(super) last: [i64; BLOCK],
    /// Value of the first sample.
    pub(super) from: [f64; BLOCK],
    /// Value of the last sample; what it exceeds the first by, once that is known.
    pub(super) change: [f64; BLOCK],
}

impl Alike {
    pub(super) fn new(kind: Kind, w: &Windows<'_>, block: &Strided) -> Self {
        Self {
            kind,
            len: block.len,
            begin: w.begin(block.k),
            step: w.end_step,
            range: w.range.0,
            gaps: block.hi - block.lo - 1,
            first: [0; BLOCK],
            last: [0; BLOCK],
            from: [0.0; BLOCK],
            change: [0.0; BLOCK],
        }
    }

    /// The function of each window; `range` is a window's length in seconds.
    pub(super) fn fill(&mut self, range: f64, out: &mut [f64]) {
        for (change, from) in self.change[..self.len].iter_mut().zip(&self.from) {
            *change -= from;
        }
        if self.is_regular() && !self.may_reach_zero() {
            // Scrapes are aligned to the millisecond, so that most windows of a block have one factor.
            let factor = self.kind.per_second(self.first_span().factor(None), range);
            for (out, change) in out.iter_mut().zip(&self.change) {
                *out = change * factor;
            }
            return;
        }
        self.factors(out);
        if self.kind == Kind::Rate {
            out.iter_mut().for_each(|factor| *factor /= range);
        }
        for (factor, change) in out.iter_mut().zip(&self.change) {
            *factor *= change;
        }
    }

    fn first_span(&self) -> Span {
        let (begin, end) = (self.begin, self.begin + self.range);
        Span { begin, end, first: self.first[0], last: self.last[0], gaps: self.gaps, zero: None }
    }

    /// Whether the samples of all windows lie at the same distances from the windows' edges.
    fn is_regular(&self) -> bool {
        are_regular(&self.first[..self.len], self.step) && are_regular(&self.last[..self.len], self.step)
    }

    /// Whether a counter may have been 0 within the reach of extrapolation, of windows with the same distances. Errs on
    /// the side of yes: by 1e-9, and where products leave the range in which rounding is relative.
    fn may_reach_zero(&self) -> bool {
        if !self.kind.is_counter() {
            return false;
        }
        let (sampled, before) = self.first_span().sampled_and_before();
        let reach = before * (1.0 + 1e-9);
        let mut may = false;
        for (from, change) in self.from[..self.len].iter().zip(&self.change) {
            let (to_zero, within) = (sampled * from, reach * change);
            let beyond = (to_zero >= within) & (to_zero < f64::INFINITY) & (to_zero > 1e-290);
            may |= (*change > 0.0) & (*from >= 0.0) & !beyond;
        }
        may
    }

    /// What the change of each window is multiplied by.
    fn factors(&self, out: &mut [f64]) {
        let (gaps, counter) = (self.gaps as f64, self.kind.is_counter());
        let (mut begin, mut end) = (self.begin, self.begin + self.range);
        let windows = self.first.iter().zip(&self.last).zip(self.from.iter().zip(&self.change));
        for (out, ((&first, &last), (&from, &change))) in out.iter_mut().zip(windows) {
            let sampled = seconds(first, last);
            let gap = sampled / gaps;
            let before = extended(seconds(begin, first), gap);
            let to_zero = sampled * (from / change);
            let limited = counter & (change > 0.0) & (from >= 0.0) & (to_zero < before);
            let before = if limited { to_zero } else { before };
            let after = extended(seconds(last, end), gap);
            *out = if sampled == 0.0 { 1.0 } else { (sampled + before + after) / sampled };
            begin += self.step;
            end += self.step;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => 0.0..1e4f64,
            1 => prop::sample::select(vec![
                0.0, -0.0, -5.0, 1.0, 1e16, 1e308, 1e-308, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN,
            ]),
        ]
    }

    proptest! {
        /// Many windows at once give what each alone gives, to the bit.
        #[test]
        fn windows_at_once_are_single_windows(
            kind in prop::sample::select(vec![Kind::Rate, Kind::Increase, Kind::Delta]),
            len in 1..=BLOCK,
            begin in -1_000_000i64..1_000_000,
            step in 1i64..20_000,
            (gaps, every, offset) in (1usize..6, 1i64..20_000, 0i64..30_000),
            after in 0i64..30_000,
            jitter in prop::option::of(prop::collection::vec(0i64..5000, BLOCK)),
            from in prop::collection::vec(value(), BLOCK),
            to in prop::collection::vec(value(), BLOCK),
        ) {
            let range = offset + every * gaps as i64 + 5000 + after;
            let mut windows = Alike {
                kind, len, begin, step, range, gaps,
                first: [0; BLOCK], last: [0; BLOCK], from: [0.0; BLOCK], change: [0.0; BLOCK],
            };
            for j in 0..len {
                let jitter = jitter.as_ref().map_or(0, |jitter| jitter[j]);
                windows.first[j] = begin + step * j as i64 + offset + jitter / 2;
                windows.last[j] = begin + step * j as i64 + offset + every * gaps as i64 + jitter;
                windows.from[j] = from[j];
                windows.change[j] = to[j];
            }
            let seconds = range as f64 / 1000.0;
            let mut out = vec![0.0; len];
            windows.fill(seconds, &mut out);
            for j in 0..len {
                let begin = begin + step * j as i64;
                let span = Span {
                    begin, end: begin + range, first: windows.first[j], last: windows.last[j], gaps, zero: None,
                };
                let change = to[j] - from[j];
                let factor = span.factor(kind.is_counter().then_some((from[j], change)));
                let alone = change * kind.per_second(factor, seconds);
                let same = alone.to_bits() == out[j].to_bits() || (alone.is_nan() && out[j].is_nan());
                prop_assert!(same, "window {j}: {} instead of {alone}", out[j]);
            }
        }
    }
}
