//! Histograms that own their buckets.

use super::cells::Cells;
use super::side::{Side, SideRef};
use super::{CounterResetHint, HistogramView, InvalidHistogram, Schema, Span};
use crate::STALE_NAN;

/// A native histogram with absolute, possibly fractional counts. Integer histograms are converted on the way
/// in, see [`absolute_counts`](super::absolute_counts).
///
/// Its spans are kept as maximal runs: empty spans vanish and touching spans are joined. Everything that only
/// reads is on [`HistogramView`], see [`view`](Self::view).
#[derive(Clone, Debug)]
pub struct FloatHistogram(pub(super) Cells<f64>);

/// The fields of a histogram as formats carry them, not checked yet.
#[derive(Clone, Debug, Default)]
pub struct HistogramParts {
    /// Counter-reset hint.
    pub hint: CounterResetHint,
    /// Schema number: −4 to 8, or −53 for custom bounds.
    pub schema: i32,
    /// Half the width of the zero bucket `[-t, t]`.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations, NaN included.
    pub count: f64,
    /// Sum of the observations; the staleness bits make the histogram a staleness marker.
    pub sum: f64,
    /// Which positive buckets are stored.
    pub positive_spans: Vec<Span>,
    /// Observations per positive bucket, not cumulative and not as deltas.
    pub positive_counts: Vec<f64>,
    /// Which negative buckets are stored.
    pub negative_spans: Vec<Span>,
    /// Observations per negative bucket.
    pub negative_counts: Vec<f64>,
    /// Upper bounds of the buckets of schema −53, without the implied `+Inf`.
    pub custom_bounds: Vec<f64>,
}

impl Default for FloatHistogram {
    fn default() -> Self {
        Self::empty(Schema::default())
    }
}

impl FloatHistogram {
    /// A histogram without observations: no buckets, no zero threshold, no custom bounds.
    #[must_use]
    pub fn empty(schema: Schema) -> Self {
        Self(Cells {
            schema,
            hint: CounterResetHint::Unknown,
            zero_threshold: 0.0,
            zero_count: 0.0,
            count: 0.0,
            sum: 0.0,
            positive: Side::default(),
            negative: Side::default(),
            custom_bounds: Vec::new(),
        })
    }

    /// A histogram without observations that has the schema and the custom bounds of `other`.
    #[must_use]
    pub fn empty_like(other: HistogramView<'_>) -> Self {
        let mut empty = Self::empty(other.schema());
        empty.0.custom_bounds = other.custom_bounds().to_vec();
        empty
    }

    /// The staleness marker among histograms.
    #[must_use]
    pub fn stale() -> Self {
        let mut marker = Self::default();
        marker.0.sum = STALE_NAN;
        marker
    }

    /// Builds a histogram from its fields, if they describe buckets at all: see [`InvalidHistogram`]. Counts
    /// may be anything, since operators make negative and infinite ones;
    /// [`check_counts`](HistogramView::check_counts) holds them to what may be stored.
    pub fn from_parts(parts: HistogramParts) -> Result<Self, InvalidHistogram> {
        let schema = super::validate::check_layout(&parts)?;
        let positive = SideRef { spans: &parts.positive_spans, counts: &parts.positive_counts };
        let negative = SideRef { spans: &parts.negative_spans, counts: &parts.negative_counts };
        Ok(Self(Cells {
            schema,
            hint: parts.hint,
            zero_threshold: parts.zero_threshold,
            zero_count: parts.zero_count,
            count: parts.count,
            sum: parts.sum,
            positive: joined(positive),
            negative: joined(negative),
            custom_bounds: parts.custom_bounds,
        }))
    }

    /// The histogram to read from.
    #[must_use]
    pub fn view(&self) -> HistogramView<'_> {
        let h = &self.0;
        HistogramView {
            schema: h.schema,
            hint: h.hint,
            zero_threshold: h.zero_threshold,
            zero_count: h.zero_count,
            count: h.count,
            sum: h.sum,
            positive: h.positive.as_ref(),
            negative: h.negative.as_ref(),
            custom_bounds: &h.custom_bounds,
        }
    }

    /// Becomes a copy of another histogram, in the memory that it has.
    pub fn copy_from(&mut self, other: HistogramView<'_>) {
        let h = &mut self.0;
        (h.schema, h.zero_threshold) = (other.schema, other.zero_threshold);
        h.positive.copy_from(other.positive);
        h.negative.copy_from(other.negative);
        h.custom_bounds.clear();
        h.custom_bounds.extend_from_slice(other.custom_bounds);
        (h.hint, h.zero_count, h.count, h.sum) = (other.hint, other.zero_count, other.count, other.sum);
    }

    /// Becomes a histogram of the layout of `like` with other numbers: count, sum and zero count, the positive and
    /// then the negative buckets.
    ///
    /// # Panics
    /// When there are fewer numbers than buckets.
    pub fn set_numbers(&mut self, like: HistogramView<'_>, totals: [f64; 3], buckets: &[f64]) {
        self.copy_from(like);
        let h = &mut self.0;
        [h.count, h.sum, h.zero_count] = totals;
        let (positive, negative) = buckets.split_at(h.positive.counts.len());
        h.positive.counts.copy_from_slice(positive);
        h.negative.counts.copy_from_slice(negative);
    }

    /// Replaces the counter-reset hint.
    pub fn set_hint(&mut self, hint: CounterResetHint) {
        self.0.hint = hint;
    }

    /// The same histogram with another counter-reset hint.
    #[must_use]
    pub fn with_hint(mut self, hint: CounterResetHint) -> Self {
        self.0.hint = hint;
        self
    }
}

fn joined(side: SideRef<'_>) -> Side {
    let mut out = Side::with_capacity(side.spans.len(), side.counts.len());
    side.iter().for_each(|(index, count)| out.push(index, count));
    out
}
