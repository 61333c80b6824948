//! Borrowed histograms.

use super::bounds::exponential_bound;
use super::cells::Cells;
use super::side::SideRef;
use super::{CounterResetHint, FloatHistogram, Schema, Span};
use crate::is_stale;

/// A borrowed histogram, cheap to copy. Everything that only reads a histogram is found here, whether it
/// lives in a [`FloatHistogram`] or in a [`HistogramColumn`](super::HistogramColumn).
#[derive(Clone, Copy, Debug)]
pub struct HistogramView<'a> {
    pub(super) schema: Schema,
    pub(super) hint: CounterResetHint,
    pub(super) zero_threshold: f64,
    pub(super) zero_count: f64,
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) positive: SideRef<'a>,
    pub(super) negative: SideRef<'a>,
    pub(super) custom_bounds: &'a [f64],
}

impl<'a> HistogramView<'a> {
    /// The bucket schema.
    #[must_use]
    pub fn schema(self) -> Schema {
        self.schema
    }

    /// The counter-reset hint.
    #[must_use]
    pub fn hint(self) -> CounterResetHint {
        self.hint
    }

    /// Half the width of the zero bucket `[-t, t]`; 0 or positive.
    #[must_use]
    pub fn zero_threshold(self) -> f64 {
        self.zero_threshold
    }

    /// Observations in the zero bucket.
    #[must_use]
    pub fn zero_count(self) -> f64 {
        self.zero_count
    }

    /// All observations, NaN included.
    #[must_use]
    pub fn count(self) -> f64 {
        self.count
    }

    /// Sum of the observations.
    #[must_use]
    pub fn sum(self) -> f64 {
        self.sum
    }

    /// Sum divided by count: NaN for an empty histogram.
    #[must_use]
    pub fn avg(self) -> f64 {
        self.sum / self.count
    }

    /// Which positive buckets are stored, as maximal runs.
    #[must_use]
    pub fn positive_spans(self) -> &'a [Span] {
        self.positive.spans
    }

    /// Observations per stored positive bucket, ascending.
    #[must_use]
    pub fn positive_counts(self) -> &'a [f64] {
        self.positive.counts
    }

    /// Which negative buckets are stored, as maximal runs.
    #[must_use]
    pub fn negative_spans(self) -> &'a [Span] {
        self.negative.spans
    }

    /// Observations per stored negative bucket, from zero downwards.
    #[must_use]
    pub fn negative_counts(self) -> &'a [f64] {
        self.negative.counts
    }

    /// The custom upper bounds, without the implied `+Inf`; empty for exponential schemas.
    #[must_use]
    pub fn custom_bounds(self) -> &'a [f64] {
        self.custom_bounds
    }

    /// Whether this is a staleness marker.
    #[must_use]
    pub fn is_stale(self) -> bool {
        is_stale(self.sum)
    }

    /// A copy that owns its buckets.
    #[must_use]
    pub fn to_owned(self) -> FloatHistogram {
        FloatHistogram(Cells {
            schema: self.schema,
            hint: self.hint,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count,
            count: self.count,
            sum: self.sum,
            positive: self.positive.to_side(),
            negative: self.negative.to_side(),
            custom_bounds: self.custom_bounds.to_vec(),
        })
    }

    /// The same histogram with another counter-reset hint.
    #[must_use]
    pub fn with_hint(self, hint: CounterResetHint) -> Self {
        Self { hint, ..self }
    }

    /// The buckets of this histogram with other numbers in them: how a decoder fills one layout again and again.
    ///
    /// # Panics
    /// When there are more or fewer counts than buckets.
    #[must_use]
    pub fn with_numbers<'b>(
        self,
        (count, zero_count, sum): (f64, f64, f64),
        positive: &'b [f64],
        negative: &'b [f64],
    ) -> HistogramView<'b>
    where
        'a: 'b,
    {
        let same =
            positive.len() == self.positive.counts.len() && negative.len() == self.negative.counts.len();
        assert!(same, "invariant: a count per bucket");
        HistogramView {
            zero_count,
            count,
            sum,
            positive: SideRef { spans: self.positive.spans, counts: positive },
            negative: SideRef { spans: self.negative.spans, counts: negative },
            ..self
        }
    }

    /// Schema, hint, count and sum alone: what a selector reads below `histogram_count`, `histogram_sum` and
    /// `histogram_avg`.
    #[must_use]
    pub fn without_buckets(self) -> Self {
        let none = SideRef { spans: &[], counts: &[] };
        Self {
            zero_threshold: 0.0,
            zero_count: 0.0,
            positive: none,
            negative: none,
            custom_bounds: &[],
            ..self
        }
    }

    /// Whether no bucket lies within the zero bucket, and no side is there that is never looked at.
    pub(super) fn is_plain(self) -> bool {
        if self.schema.is_custom() {
            return self.negative.counts.is_empty();
        }
        let outside_zero = |side: SideRef<'_>| {
            side.first_index().is_none_or(|i| exponential_bound(i, self.schema.get()) > self.zero_threshold)
        };
        outside_zero(self.positive) && outside_zero(self.negative)
    }

    /// Size in bytes by Prometheus' accounting: 168 and 8 for each span, bucket and custom bound.
    #[must_use]
    pub fn size(self) -> usize {
        let sides = [self.positive, self.negative];
        168 + 8
            * (sides.iter().map(|s| s.spans.len() + s.counts.len()).sum::<usize>() + self.custom_bounds.len())
    }

    /// How many samples it counts for in stored series and in windows.
    #[must_use]
    pub fn stored_weight(self) -> usize {
        (self.size() + 8) / 16
    }

    /// How many samples it counts for among the results of a step.
    #[must_use]
    pub fn result_weight(self) -> usize {
        1 + self.size() / 16
    }
}

impl<'a> From<&'a FloatHistogram> for HistogramView<'a> {
    fn from(histogram: &'a FloatHistogram) -> Self {
        histogram.view()
    }
}
