//! Windows that move on by the same number of samples at each step, many at a time.
//!
//! Series are scraped at an interval, so between gaps the edges of all windows pass as many samples a step. Where that
//! holds for a block of steps, which a loop without branches can tell, kernels run over slices instead of windows.

use promqlite_model::{first_after, first_at_or_after};

use crate::Windows;

/// Windows of a block. Blocks begin at multiples of it, so that each has a word of validity bits of its own.
pub(super) const BLOCK: usize = 64;

/// `len` windows, at most [`BLOCK`]: window `k + j` holds the samples `lo + j·stride` to `hi + j·stride`, without the
/// latter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strided {
    pub(super) k: usize,
    pub(super) len: usize,
    pub(super) lo: usize,
    pub(super) hi: usize,
    pub(super) stride: usize,
}

impl Strided {
    /// The end of the last window.
    pub(super) fn last_hi(&self) -> usize {
        self.hi + self.stride * (self.len - 1)
    }

    /// One item for each window: that at `from`, and each `stride` further.
    pub(super) fn pick<T: Copy>(&self, from: usize, items: &[T], out: &mut [T; BLOCK]) {
        let out = &mut out[..self.len];
        match self.stride {
            0 => out.fill(items[from]),
            1 => out.copy_from_slice(&items[from..from + self.len]),
            stride => {
                for (out, item) in out.iter_mut().zip(items[from..].iter().step_by(stride)) {
                    *out = *item;
                }
            }
        }
    }
}

/// What is done with windows.
pub(super) trait Visit {
    /// Takes all windows of a block, or refuses them: then they come one by one.
    fn block(&mut self, block: Strided) -> bool;
    /// Takes window `k`, which holds `samples[lo..hi]`.
    fn single(&mut self, k: usize, lo: usize, hi: usize);
}

/// Blocks between two questions whether to stop: a fraction of a millisecond.
const BLOCKS_BETWEEN_STOPS: usize = 16;

/// Visits all windows in order, as many at a time as move alike. For windows that need little work each. Ends early
/// when [`Windows::stop`] says so.
pub(super) fn visit(w: &Windows<'_>, visitor: &mut impl Visit) {
    let times = w.samples.times;
    let near = near(w);
    let mut lo = first_at_or_after(times, w.begin(0).saturating_add(1));
    let mut hi = lo;
    let mut k = 0;
    while k < w.len() {
        let len = BLOCK.min(w.len() - k);
        lo = first_after(times, lo, w.begin(k));
        hi = first_after(times, hi.max(lo), w.end(k));
        let block = if near { strided(w, k, len, lo, hi) } else { None };
        match block {
            Some(block) if visitor.block(block) => {
                (lo, hi) = (lo + block.stride * (len - 1), block.last_hi());
            }
            _ => {
                for k in k..k + len {
                    lo = first_after(times, lo, w.begin(k));
                    hi = first_after(times, hi.max(lo), w.end(k));
                    visitor.single(k, lo, hi);
                }
            }
        }
        k += len;
        if k % (BLOCKS_BETWEEN_STOPS * BLOCK) == 0 && w.stop.now() {
            return;
        }
    }
}

/// Whether all times are so near to 0 that their differences cannot overflow, and windows so short that floats hold
/// their lengths in ms.
fn near(w: &Windows<'_>) -> bool {
    const FAR: i64 = 1 << 60;
    let near = |t: i64| -FAR < t && t < FAR;
    let ends = [w.begin(0), w.end(0), w.begin(w.len()), w.end(w.len())];
    let samples = w.samples.times.first().into_iter().chain(w.samples.times.last());
    ends.iter().chain(samples).all(|&t| near(t)) && w.range.0 < 1 << 51
}

/// The block of windows from `k` on, if they move alike. `lo` and `hi` are the edges of the first.
fn strided(w: &Windows<'_>, k: usize, len: usize, lo: usize, hi: usize) -> Option<Strided> {
    let times = w.samples.times;
    let stride = if len == 1 { 0 } else { first_after(times, hi, w.end(k + 1)) - hi };
    let block = Strided { k, len, lo, hi, stride };
    let last_lo = lo + stride * (len - 1);
    let is_edge = |i: usize, edge: i64| {
        i <= times.len() && (i == 0 || times[i - 1] <= edge) && times.get(i).is_none_or(|&t| t > edge)
    };
    // The last window rules out most blocks that are none.
    let (begin, end) = (w.begin(k + len - 1), w.end(k + len - 1));
    if !is_edge(last_lo, begin) || !is_edge(block.last_hi(), end) {
        return None;
    }
    let alike = advances(times, lo, &block, w.begin(k), w.end_step)
        && advances(times, hi, &block, w.end(k), w.end_step);
    alike.then_some(block)
}

/// Whether an edge, which lies before sample `from` in the first window, passes `stride` samples at each step. That
/// of the last window is known to be where it should be.
fn advances(times: &[i64], from: usize, block: &Strided, edge: i64, step: i64) -> bool {
    if block.stride == 0 || block.len < 3 {
        return true;
    }
    // Negative as soon as one edge is elsewhere; without branches, so that the loop vectorises.
    let mut signs = 0;
    let mut edge = edge;
    let mut check = |before: i64, behind: i64| {
        edge += step;
        signs |= (edge - before) | (behind - edge - 1);
    };
    let (first, inner) = (from + block.stride, block.len - 2);
    if block.stride == 1 {
        times[first - 1..first + inner].windows(2).for_each(|pair| check(pair[0], pair[1]));
    } else {
        (0..inner).map(|j| first + j * block.stride).for_each(|i| check(times[i - 1], times[i]));
    }
    signs >= 0
}

#[cfg(test)]
mod tests {
    use promqlite_model::{Grid, Millis, Samples, Timestamp};

    use super::*;
    use crate::Stop;

    #[derive(Default)]
    struct Seen {
        windows: Vec<(usize, usize, usize)>,
        in_blocks: usize,
        refuse: bool,
    }

    impl Visit for Seen {
        fn block(&mut self, block: Strided) -> bool {
            if self.refuse {
                return false;
            }
            self.in_blocks += block.len;
            let window = |j| (block.k + j, block.lo + j * block.stride, block.hi + j * block.stride);
            self.windows.extend((0..block.len).map(window));
            true
        }

        fn single(&mut self, k: usize, lo: usize, hi: usize) {
            self.windows.push((k, lo, hi));
        }
    }

    /// Blocks hold the windows that single steps hold: gaps, jitter, few and many samples a step, far times.
    #[test]
    fn blocks_of_windows_are_the_windows() {
        let beat = |from: i64, every: i64| (0..400).map(move |i| from + i * every).collect::<Vec<i64>>();
        let mut gap = beat(0, 10);
        gap.drain(150..200);
        let jitter: Vec<i64> = beat(0, 10).iter().enumerate().map(|(i, t)| t + (i as i64 * 7) % 5).collect();
        let mut in_blocks = 0;
        for times in [beat(0, 10), beat(-700, 10), gap, jitter, beat(i64::MAX - 4000, 10), vec![], vec![5]] {
            let values = vec![0.0; times.len()];
            for (first_end, step, len) in
                [(60, 10, 300), (65, 40, 99), (-20, 3, 640), (0, 10, 65), (3990, 10, 1)]
            {
                for range in [1, 30, 60, 1000] {
                    let first_end = times.first().map_or(0, |t| t.saturating_add(first_end));
                    let grid = Grid { start: Timestamp(first_end), step: Millis(step), len };
                    let w = Windows {
                        samples: Samples::floats(&times, &values),
                        grid,
                        first_end,
                        end_step: step,
                        range: Millis(range),
                        lookback: Millis::ZERO,
                        stop: Stop::default(),
                    };
                    let mut expected = Vec::new();
                    w.for_each(|k, lo, hi| expected.push((k, lo, hi)));
                    for refuse in [false, true] {
                        let mut seen = Seen { refuse, ..Seen::default() };
                        visit(&w, &mut seen);
                        assert_eq!(seen.windows, expected, "{times:?} {first_end} {step} {range}");
                        in_blocks += seen.in_blocks;
                    }
                }
            }
        }
        assert!(in_blocks > 10_000, "{in_blocks} windows in blocks");
    }
}
