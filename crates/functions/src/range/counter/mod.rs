//! What `rate`, `increase` and `delta` share: how much a window's samples changed, extrapolated to its edges.

mod alike;
mod extended;
mod extrapolate;
mod floats;
mod histograms;
mod marks;
mod smoothed;

pub(super) use extended::extended;
pub(super) use floats::floats;
pub(super) use histograms::mixed;

/// Which of the three functions it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Per-second increase of a counter.
    Rate,
    /// Increase of a counter.
    Increase,
    /// Change of a gauge.
    Delta,
}

impl Kind {
    /// Whether drops are resets.
    pub(super) fn is_counter(self) -> bool {
        self != Self::Delta
    }

    /// What the change is divided by: the nominal range of a rate, else nothing.
    fn per_second(self, factor: f64, range_seconds: f64) -> f64 {
        if self == Self::Rate { factor / range_seconds } else { factor }
    }
}
