//! Where one chunk of a series ends and the next begins.

use std::ops::Range;

use promqlite_model::Samples;
use promqlite_model::histogram::{CounterResetHint, HistogramView};

use super::widen::CommonBuckets;

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

/// The samples of a chunk.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) samples: Range<usize>,
    pub(super) kind: Kind,
    /// What the histograms are brought to, if their buckets differ.
    pub(super) buckets: Option<CommonBuckets>,
}

/// The chunk that begins with sample `start`.
pub(super) fn next(samples: &Samples<'_>, start: usize) -> Run {
    let limit = samples.len().min(start + LONGEST);
    let Some(first) = samples.histogram(start) else {
        let floats = (start..limit).find(|&i| samples.histogram(i).is_some());
        return Run { samples: start..floats.unwrap_or(limit), kind: Kind::Floats, buckets: None };
    };
    let previous = start.checked_sub(1).and_then(|i| samples.histogram(i));
    let flag = flag(first, previous);
    let mut whole = is_whole(first);
    let mut buckets: Option<CommonBuckets> = None;
    let mut before = first;
    let mut end = start + 1;
    while end < limit {
        let Some(h) = samples.histogram(end) else { break };
        if !goes_on(before, h) {
            break;
        }
        if !h.is_stale() && !same_buckets(first, h) {
            let more = buckets.as_ref().map_or_else(|| CommonBuckets::of(first).with(h), |all| all.with(h));
            if more.is_none() {
                break;
            }
            buckets = more;
        }
        whole &= is_whole(h);
        before = h;
        end += 1;
    }
    let kind = if whole { Kind::IntegerHistograms(flag) } else { Kind::FloatHistograms(flag) };
    Run { samples: start..end, kind, buckets }
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
    same_scale(before, h) && gauge(before) == gauge(h) && (gauge(h) || !h.is_reset_after(before))
}

/// Whether buckets with equal indices are the same in both.
fn same_scale(a: HistogramView<'_>, b: HistogramView<'_>) -> bool {
    a.schema() == b.schema()
        && a.zero_threshold().to_bits() == b.zero_threshold().to_bits()
        && a.custom_bounds().iter().map(|b| b.to_bits()).eq(b.custom_bounds().iter().map(|b| b.to_bits()))
}

fn same_buckets(a: HistogramView<'_>, b: HistogramView<'_>) -> bool {
    a.positive_spans() == b.positive_spans() && a.negative_spans() == b.negative_spans()
}

fn is_whole(h: HistogramView<'_>) -> bool {
    let whole = |v: f64| v.is_sign_positive() && v.fract() == 0.0 && v <= GREATEST_WHOLE;
    let counts = h.positive_counts().iter().chain(h.negative_counts());
    h.is_stale() || [h.count(), h.zero_count()].iter().chain(counts).all(|&v| whole(v))
}
