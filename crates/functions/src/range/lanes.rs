//! Several windows at a time.
//!
//! A window whose values must be taken in one by one, in order, is a chain of dependent operations that leaves most
//! of a processor idle. Neighbouring windows are independent chains, so a few of them walk side by side: each result
//! is that of a pass over its window alone, to the last bit.

use std::ops::Range;

use promqlite_model::RowMut;

use super::window::FloatRow;
use crate::Windows;

/// Windows side by side; more would not fit the registers.
const LANES: usize = 4;

/// Steps that share one window of samples.
#[derive(Clone, Default)]
struct Lane {
    steps: Range<usize>,
    samples: Range<usize>,
}

/// How a result comes of one pass over the samples of a window.
pub(super) struct Pass<Start, Add, Finish> {
    /// Makes the state before the first sample.
    pub(super) start: Start,
    /// `add(state, i)` takes in sample `i`.
    pub(super) add: Add,
    /// Makes the result of the state after the last.
    pub(super) finish: Finish,
}

/// Fills a row by a pass over each window that holds samples.
pub(super) fn fill_in_lanes<S, Start, Add, Finish>(
    w: &Windows<'_>,
    row: &mut RowMut<'_>,
    pass: &Pass<Start, Add, Finish>,
) where
    Start: Fn() -> S,
    Add: Fn(&mut S, usize),
    Finish: Fn(S) -> f64,
{
    let mut out = FloatRow::new(row);
    let mut lanes: [Lane; LANES] = Default::default();
    let mut used = 0_usize;
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        if let Some(last) = used.checked_sub(1).map(|i| &mut lanes[i])
            && last.samples == (lo..hi)
        {
            last.steps.end = k + 1;
            return;
        }
        if used == LANES {
            pass.run_all(&lanes, &mut out);
            used = 0;
        }
        lanes[used] = Lane { steps: k..k + 1, samples: lo..hi };
        used += 1;
    });
    for lane in &lanes[..used] {
        pass.run_one(lane, &mut out);
    }
}

impl<S, Start, Add, Finish> Pass<Start, Add, Finish>
where
    Start: Fn() -> S,
    Add: Fn(&mut S, usize),
    Finish: Fn(S) -> f64,
{
    fn run_all(&self, lanes: &[Lane; LANES], out: &mut FloatRow<'_>) {
        let mut states = lanes.each_ref().map(|_| (self.start)());
        let from = lanes.each_ref().map(|lane| lane.samples.start);
        let common = lanes.iter().map(|lane| lane.samples.len()).min().unwrap_or(0);
        for i in 0..common {
            for (state, from) in states.iter_mut().zip(from) {
                (self.add)(state, from + i);
            }
        }
        for (mut state, lane) in states.into_iter().zip(lanes) {
            lane.samples.clone().skip(common).for_each(|i| (self.add)(&mut state, i));
            self.emit(lane, state, out);
        }
    }

    fn run_one(&self, lane: &Lane, out: &mut FloatRow<'_>) {
        let mut state = (self.start)();
        lane.samples.clone().for_each(|i| (self.add)(&mut state, i));
        self.emit(lane, state, out);
    }

    fn emit(&self, lane: &Lane, state: S, out: &mut FloatRow<'_>) {
        let value = (self.finish)(state);
        lane.steps.clone().for_each(|k| out.set(k, value));
    }
}
