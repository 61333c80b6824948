//! Windows that move on by the same number of samples at each step, many at a time: see [`stride`].

use promqlite_model::{first_after, first_at_or_after, pick, stride};

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
    /// The first sample of the last window.
    pub(super) fn last_lo(&self) -> usize {
        self.lo + self.stride * (self.len - 1)
    }

    /// The end of the last window.
    pub(super) fn last_hi(&self) -> usize {
        self.hi + self.stride * (self.len - 1)
    }

    /// One item for each window: that at `from`, and each `stride` further.
    pub(super) fn pick<T: Copy>(&self, from: usize, items: &[T], out: &mut [T; BLOCK]) {
        pick(items, from, self.stride, &mut out[..self.len]);
    }

    /// The same items where they lie, if they are neighbours; else picked into `room`.
    pub(super) fn each<'a, T: Copy>(&self, from: usize, items: &'a [T], room: &'a mut [T; BLOCK]) -> &'a [T] {
        if self.stride == 1 {
            return &items[from..from + self.len];
        }
        self.pick(from, items, room);
        &room[..self.len]
    }
}

/// Whether times are a step apart, ms.
pub(super) fn are_regular(times: &[i64], step: i64) -> bool {
    let Some(&first) = times.first() else { return true };
    let (mut differs, mut expected) = (0, first);
    for time in times {
        differs |= time ^ expected;
        expected += step;
    }
    differs == 0
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
    // Floats hold lengths of so many ms.
    let short = w.range.0 < 1 << 51;
    let mut lo = first_at_or_after(times, w.begin(0).saturating_add(1));
    let mut hi = lo;
    let mut k = 0;
    while k < w.len() {
        let len = BLOCK.min(w.len() - k);
        lo = first_after(times, lo, w.begin(k));
        hi = first_after(times, hi.max(lo), w.end(k));
        let block = if short { strided(w, k, len, (lo, w.begin(k)), (hi, w.end(k))) } else { None };
        match block {
            Some(block) if visitor.block(block) => {
                (lo, hi) = (block.last_lo(), block.last_hi());
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

/// The block of windows from `k` on, if they move alike. Each edge of the first is given by the first sample behind it
/// and its time, ms.
pub(super) fn strided(
    w: &Windows<'_>,
    k: usize,
    len: usize,
    (lo, begin): (usize, i64),
    (hi, end): (usize, i64),
) -> Option<Strided> {
    let stride_of = |from: usize, edge: i64| stride(w.samples.times, from, edge, w.end_step, len);
    let stride = stride_of(hi, end)?;
    (stride_of(lo, begin)? == stride).then_some(Strided { k, len, lo, hi, stride })
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
