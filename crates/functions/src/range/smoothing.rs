//! `double_exponential_smoothing`

use promqlite_model::RowMut;

use super::definition::{RANGE_TWO_NUMBERS, experimental, of_range, taking};
use super::mixed::leaving_histograms_out;
use super::window::{fill_by_samples, fill_by_step, long_and_overlapping};
use crate::{Function, RangeCx, Windows};

/// `double_exponential_smoothing`
pub(super) static DOUBLE_EXPONENTIAL_SMOOTHING: Function = taking(
    RANGE_TWO_NUMBERS,
    experimental(of_range(
        "double_exponential_smoothing",
        "Smoothed value of a gauge; the smoothing factor and the trend factor lie between 0 and 1.",
        "double_exponential_smoothing(room_temperature_celsius[10m], 0.5, 0.5)",
        floats,
        mixed,
    )),
);

/// Whether all factors are in range; the first that is not fails the query. A step whose window holds no sample
/// uses no factors.
fn check(w: &Windows<'_>, cx: &mut RangeCx<'_>) -> bool {
    let mut complaint = None;
    w.for_each(|k, lo, hi| {
        if lo < hi && complaint.is_none() {
            complaint = complaint_about(cx.args[0][k], cx.args[1][k]);
        }
    });
    let fine = complaint.is_none();
    complaint.into_iter().for_each(|text| cx.fail(text));
    fine
}

fn complaint_about(sf: f64, tf: f64) -> Option<String> {
    let inside = |factor: f64| factor > 0.0 && factor < 1.0;
    if !inside(sf) {
        Some(format!("invalid smoothing factor. Expected: 0 < sf < 1, got: {}", six_decimals(sf)))
    } else if !inside(tf) {
        Some(format!("invalid trend factor. Expected: 0 < tf < 1, got: {}", six_decimals(tf)))
    } else {
        None
    }
}

/// Go's `%f`.
fn six_decimals(v: f64) -> String {
    if v.is_infinite() {
        return if v > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    format!("{v:.6}")
}

fn smooth(values: &[f64], sf: f64, tf: f64) -> Option<f64> {
    let [first, second, ref rest @ ..] = *values else { return None };
    let mut state = State::of_two(first, second, sf);
    rest.iter().for_each(|&v| state.add(v, sf, tf));
    Some(state.level)
}

/// What smoothing knows after at least two samples.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    before: f64,
    level: f64,
    trend: f64,
}

impl State {
    fn of_two(first: f64, second: f64, sf: f64) -> Self {
        let trend = second - first;
        Self { before: first, level: sf * second + (1.0 - sf) * (first + trend), trend }
    }

    #[inline]
    fn add(&mut self, v: f64, sf: f64, tf: f64) {
        self.trend = tf * (self.level - self.before) + (1.0 - tf) * self.trend;
        (self.before, self.level) = (self.level, sf * v + (1.0 - sf) * (self.level + self.trend));
    }

    fn same_bits(&self, other: &Self) -> bool {
        self.level.to_bits() == other.level.to_bits()
            && self.before.to_bits() == other.before.to_bits()
            && self.trend.to_bits() == other.trend.to_bits()
    }
}

/// Smoothing of windows that overlap. What a window's first samples contribute fades until it is rounded away: then
/// its state is, to the last bit, that of the window before it, and so are all later states. Every eighth state of one
/// pass is kept, and a window is followed only until it meets one of them.
struct Following<'a> {
    values: &'a [f64],
    sf: f64,
    tf: f64,
    /// Where the pass began.
    from: usize,
    /// The state before each sample whose number is a multiple of [`EVERY`], from that of `first` on.
    states: Vec<State>,
    first: usize,
    /// The state before sample `end`.
    newest: State,
    end: usize,
}

/// States are compared, and kept, once in so many samples.
const EVERY: usize = 8;

/// Windows of so many samples are worth following.
const LONG: usize = 64;

/// A window that has not met the known pass after so many samples is not likely to.
const PATIENCE: usize = 1024;

impl<'a> Following<'a> {
    fn new(values: &'a [f64], sf: f64, tf: f64) -> Self {
        let states = Vec::with_capacity(values.len() / EVERY + 1);
        Self { values, sf, tf, from: 0, states, first: 0, newest: State::default(), end: 0 }
    }

    /// The result of the window `lo..hi`; both edges only move right.
    fn smooth(&mut self, lo: usize, hi: usize) -> Option<f64> {
        if hi - lo < 2 {
            return None;
        }
        if lo + 1 >= self.end {
            self.restart(lo);
        }
        self.go_on(hi);
        if lo == self.from {
            return Some(self.newest.level);
        }
        let mut state = State::of_two(self.values[lo], self.values[lo + 1], self.sf);
        for i in lo + 2..hi {
            if i - lo >= PATIENCE {
                // Such a window becomes the known pass: the old one may have met a NaN that this one has not.
                self.restart(lo);
                self.go_on(hi);
                return Some(self.newest.level);
            }
            if i % EVERY == 0 && state.same_bits(&self.states[i / EVERY - self.first]) {
                return Some(self.newest.level);
            }
            state.add(self.values[i], self.sf, self.tf);
        }
        Some(state.level)
    }

    fn restart(&mut self, lo: usize) {
        (self.from, self.end) = (lo, lo + 2);
        self.newest = State::of_two(self.values[lo], self.values[lo + 1], self.sf);
        self.states.clear();
        self.first = self.end.div_ceil(EVERY);
    }

    /// Takes the known pass on to the samples before `hi`.
    fn go_on(&mut self, hi: usize) {
        let mut state = self.newest;
        for i in self.end..hi {
            if i % EVERY == 0 {
                self.states.push(state);
            }
            state.add(self.values[i], self.sf, self.tf);
        }
        self.newest = state;
        self.end = self.end.max(hi);
    }
}

fn floats(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    if !check(w, cx) {
        return;
    }
    let (sf, tf) = (cx.args[0], cx.args[1]);
    let constant = |numbers: &[f64]| numbers.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
    if long_and_overlapping(w, LONG) && constant(sf) && constant(tf) {
        let mut following = Following::new(w.samples.values, sf[0], tf[0]);
        return fill_by_samples(w, row, |lo, hi| following.smooth(lo, hi));
    }
    fill_by_step(w, row, |k, lo, hi| smooth(&w.samples.values[lo..hi], sf[k], tf[k]));
}

fn mixed(w: &Windows<'_>, row: &mut RowMut<'_>, cx: &mut RangeCx<'_>) {
    if !check(w, cx) {
        return;
    }
    let (sf, tf) = (cx.args[0], cx.args[1]);
    leaving_histograms_out(w, row, cx, 0, |k, _, values| smooth(values, sf[k], tf[k]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hostile() -> impl Strategy<Value = f64> {
        prop_oneof![
            20 => -1e3..1e3,
            4 => Just(0.0),
            1 => Just(1e16),
            1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e308, 5e-324]),
        ]
    }

    proptest! {
        /// Following a known pass gives what a pass over each window alone gives, to the last bit.
        #[test]
        fn following_equals_fresh_passes(
            values in prop_oneof![
                prop::collection::vec(hostile(), 1..400),
                (1..3000_usize).prop_map(|n| (0..n).map(|i| i as f64 + 0.25).collect()),
            ],
            width in 1..2000_usize,
            stride in 1..50_usize,
            sf in 0.01..0.99,
            tf in 0.01..0.99,
        ) {
            let mut following = Following::new(&values, sf, tf);
            for end in (1..=values.len()).step_by(stride) {
                let start = end.saturating_sub(width);
                let bits = |v: Option<f64>| v.map(f64::to_bits);
                let fresh = smooth(&values[start..end], sf, tf);
                let followed = following.smooth(start, end);
                // Which of the NaNs comes out is the processor's choice.
                if !(fresh.is_some_and(f64::is_nan) && followed.is_some_and(f64::is_nan)) {
                    prop_assert_eq!(bits(followed), bits(fresh), "{}..{}", start, end);
                }
            }
        }
    }
}
