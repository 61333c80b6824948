//! Where one chunk of a series ends and the next begins.

use std::ops::Range;

use promqlite_model::Samples;
use promqlite_model::histogram::{CounterResetHint, HistogramView};

/// Samples of a usual chunk.
pub(super) const LONGEST: usize = 120;

/// Counts up to this one are exact as doubles.
const GREATEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// What the samples of a chunk are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Floats,
    IntegerHistograms(ResetFlag),
    FloatHistograms(ResetFlag),
}

/// What the header of a chunk of histograms says about counter resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResetFlag {
    Unknown = 0b00,
    NotReset = 0b01,
    Reset = 0b10,
    Gauge = 0b11,
}

/// The samples of the chunk that begins with sample `start`, and what they are.
pub(super) fn next(samples: &Samples<'_>, start: usize) -> (Range<usize>, Kind) {
    let limit = samples.len().min(start + LONGEST);
    let Some(first) = samples.histogram(start) else {
        let floats = (start..limit).find(|&i| samples.histogram(i).is_some());
        return (start..floats.unwrap_or(limit), Kind::Floats);
    };
    let previous = start.checked_sub(1).and_then(|i| samples.histogram(i));
    let flag = flag(first, previous);
    let whole = is_whole(first);
    let mut before = first;
    let mut end = start + 1;
    while end < limit {
        let Some(h) = samples.histogram(end) else { break };
        if !goes_on(before, h) || (whole && !is_whole(h)) {
            break;
        }
        before = h;
        end += 1;
    }
    (start..end, if whole { Kind::IntegerHistograms(flag) } else { Kind::FloatHistograms(flag) })
}

fn flag(first: HistogramView<'_>, previous: Option<HistogramView<'_>>) -> ResetFlag {
    match (first.hint(), previous.filter(|p| !p.is_stale() && !first.is_stale())) {
        (CounterResetHint::Gauge, _) => ResetFlag::Gauge,
        (CounterResetHint::Reset, _) => ResetFlag::Reset,
        (CounterResetHint::NotReset, _) => ResetFlag::NotReset,
        (CounterResetHint::Unknown, None) => ResetFlag::Unknown,
        (CounterResetHint::Unknown, Some(previous)) if first.is_reset_after(previous) => ResetFlag::Reset,
        (CounterResetHint::Unknown, Some(_)) => ResetFlag::NotReset,
    }
}

/// Whether `h` can follow `before` in a chunk. Readers take it as not reset there, so it must not be.
fn goes_on(before: HistogramView<'_>, h: HistogramView<'_>) -> bool {
    if before.is_stale() || h.is_stale() {
        return h.is_stale();
    }
    let gauge = |h: HistogramView<'_>| h.hint() == CounterResetHint::Gauge;
    same_layout(before, h) && gauge(before) == gauge(h) && (gauge(h) || !h.is_reset_after(before))
}

fn same_layout(a: HistogramView<'_>, b: HistogramView<'_>) -> bool {
    a.schema() == b.schema()
        && a.zero_threshold().to_bits() == b.zero_threshold().to_bits()
        && a.positive_spans() == b.positive_spans()
        && a.negative_spans() == b.negative_spans()
        && a.custom_bounds().iter().map(|b| b.to_bits()).eq(b.custom_bounds().iter().map(|b| b.to_bits()))
}

fn is_whole(h: HistogramView<'_>) -> bool {
    let whole = |v: f64| v.is_sign_positive() && v.fract() == 0.0 && v <= GREATEST_WHOLE;
    let counts = h.positive_counts().iter().chain(h.negative_counts());
    h.is_stale() || [h.count(), h.zero_count()].iter().chain(counts).all(|&v| whole(v))
}
