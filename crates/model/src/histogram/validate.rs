//! What a histogram must satisfy to exist, and to be stored.

use super::{HistogramParts, HistogramView, Schema, Span};

/// Bucket indices stay within ±2^21. The finest schema needs less than 2^19 for all of binary64, and the bound
/// keeps index arithmetic and dense forms safe from hostile input.
const MAX_INDEX: i64 = 1 << 21;

/// Why fields do not make a histogram, or why a histogram cannot be stored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHistogram {
    /// The schema is unknown.
    #[error("histogram schema {0} is unknown: use -4 to 8, or -53 for custom buckets")]
    Schema(i32),
    /// The zero threshold is negative or NaN.
    #[error("histogram zero threshold {0} must be 0 or positive")]
    ZeroThreshold(f64),
    /// The spans cover another number of buckets than there are counts.
    #[error("histogram {side} spans cover {expected} buckets, but there are {found} counts")]
    SpanMismatch {
        /// `positive` or `negative`.
        side: &'static str,
        /// Buckets that the spans cover.
        expected: u64,
        /// Counts given.
        found: usize,
    },
    /// A span after the first starts before the end of the one before it.
    #[error("histogram {side} span number {span} has the negative offset {offset}")]
    NegativeOffset {
        /// `positive` or `negative`.
        side: &'static str,
        /// Which span, counting from 1.
        span: usize,
        /// Its offset.
        offset: i32,
    },
    /// A bucket lies where no float64 can be, or past the last custom bound.
    #[error("histogram {side} bucket index {index} is out of range")]
    IndexOutOfRange {
        /// `positive` or `negative`.
        side: &'static str,
        /// The index.
        index: i64,
    },
    /// Custom bounds do not increase, or one of them is NaN or infinite.
    #[error("histogram custom bounds must be finite and increasing, got {0} after {1}")]
    CustomBounds(f64, f64),
    /// An exponential histogram has custom bounds.
    #[error("histogram with exponential schema {0} must not have custom bounds")]
    BoundsOnExponential(i32),
    /// A histogram with custom bounds has a zero bucket, a zero threshold or negative buckets.
    #[error("histogram with custom buckets must not have {0}")]
    CustomWith(&'static str),
    /// A count is negative.
    #[error("histogram has the negative {what} {count}")]
    NegativeCount {
        /// Which count.
        what: &'static str,
        /// Its value.
        count: f64,
    },
}

/// Checks everything but the counts' values.
pub(super) fn check_layout(parts: &HistogramParts) -> Result<Schema, InvalidHistogram> {
    let schema = Schema::new(parts.schema).ok_or(InvalidHistogram::Schema(parts.schema))?;
    if parts.zero_threshold.is_nan() || parts.zero_threshold < 0.0 {
        return Err(InvalidHistogram::ZeroThreshold(parts.zero_threshold));
    }
    let range = if schema.is_custom() {
        check_custom(parts)?;
        0..=parts.custom_bounds.len() as i64
    } else if parts.custom_bounds.is_empty() {
        -MAX_INDEX..=MAX_INDEX
    } else {
        return Err(InvalidHistogram::BoundsOnExponential(parts.schema));
    };
    check_side("positive", &parts.positive_spans, parts.positive_counts.len(), &range)?;
    check_side("negative", &parts.negative_spans, parts.negative_counts.len(), &range)?;
    Ok(schema)
}

fn check_custom(parts: &HistogramParts) -> Result<(), InvalidHistogram> {
    if parts.zero_threshold != 0.0 {
        return Err(InvalidHistogram::CustomWith("a zero threshold"));
    }
    if !parts.negative_spans.is_empty() || !parts.negative_counts.is_empty() {
        return Err(InvalidHistogram::CustomWith("negative buckets"));
    }
    let mut last = f64::NEG_INFINITY;
    for &bound in &parts.custom_bounds {
        if bound.is_nan() || bound <= last || bound == f64::INFINITY {
            return Err(InvalidHistogram::CustomBounds(bound, last));
        }
        last = bound;
    }
    Ok(())
}

fn check_side(
    side: &'static str,
    spans: &[Span],
    found: usize,
    range: &std::ops::RangeInclusive<i64>,
) -> Result<(), InvalidHistogram> {
    let mut next = 0i64;
    let mut expected = 0u64;
    for (i, span) in spans.iter().enumerate() {
        if i > 0 && span.offset < 0 {
            return Err(InvalidHistogram::NegativeOffset { side, span: i + 1, offset: span.offset });
        }
        next += i64::from(span.offset);
        let end = next + i64::from(span.length);
        let outside = [next, end - 1].into_iter().find(|index| !range.contains(index));
        if let Some(index) = outside.filter(|_| span.length > 0) {
            return Err(InvalidHistogram::IndexOutOfRange { side, index });
        }
        // An empty span only moves on; it may end just past the last possible bucket.
        if next.abs() > MAX_INDEX + 1 {
            return Err(InvalidHistogram::IndexOutOfRange { side, index: next });
        }
        next = end;
        expected += u64::from(span.length);
    }
    if expected == found as u64 {
        Ok(())
    } else {
        Err(InvalidHistogram::SpanMismatch { side, expected, found })
    }
}

impl HistogramView<'_> {
    /// Checks what storage demands beyond a sound layout: no negative count anywhere, and no zero bucket with
    /// custom bounds. That the buckets add up to the count is not demanded.
    pub fn check_counts(self) -> Result<(), InvalidHistogram> {
        if self.schema.is_custom() && self.zero_count != 0.0 {
            return Err(InvalidHistogram::CustomWith("a zero bucket"));
        }
        let buckets = self.positive.counts.iter().chain(self.negative.counts).map(|&c| ("bucket count", c));
        let totals = [("count", self.count), ("zero bucket count", self.zero_count)];
        match totals.into_iter().chain(buckets).find(|&(_, count)| count < 0.0) {
            Some((what, count)) => Err(InvalidHistogram::NegativeCount { what, count }),
            None => Ok(()),
        }
    }
}

/// Absolute counts from the deltas that integer histograms store: each bucket's difference to the one before.
/// Sums wrap around instead of overflowing.
#[must_use]
pub fn absolute_counts(deltas: impl IntoIterator<Item = i64>) -> Vec<f64> {
    let running = deltas.into_iter().scan(0i64, |total, delta| {
        *total = total.wrapping_add(delta);
        Some(*total as f64)
    });
    running.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::FloatHistogram;

    fn span(offset: i32, length: u32) -> Span {
        Span { offset, length }
    }

    fn error(parts: HistogramParts) -> String {
        FloatHistogram::from_parts(parts).unwrap_err().to_string()
    }

    #[test]
    fn unsound_layouts_are_refused() {
        let base = HistogramParts::default;
        assert!(error(HistogramParts { schema: 9, ..base() }).contains("schema 9"));
        assert!(error(HistogramParts { zero_threshold: f64::NAN, ..base() }).contains("zero threshold"));
        assert!(error(HistogramParts { custom_bounds: vec![1.0], ..base() }).contains("custom bounds"));
        let spans = vec![span(0, 2), span(-1, 1)];
        let parts = HistogramParts { positive_spans: spans, positive_counts: vec![1.0; 3], ..base() };
        assert!(error(parts).contains("span number 2 has the negative offset -1"));
        let parts = HistogramParts { negative_spans: vec![span(0, 2)], negative_counts: vec![1.0], ..base() };
        assert!(error(parts).contains("cover 2 buckets, but there are 1 counts"));
        let far = vec![span(i32::MAX, u32::MAX), span(i32::MAX, u32::MAX)];
        assert!(error(HistogramParts { positive_spans: far, ..base() }).contains("out of range"));
        let far = vec![span(i32::MAX, 0), span(i32::MAX, 0)];
        assert!(error(HistogramParts { positive_spans: far, ..base() }).contains("out of range"));
    }

    #[test]
    fn custom_buckets_have_rules_of_their_own() {
        let base =
            || HistogramParts { schema: -53, custom_bounds: vec![1.0, 2.0], ..HistogramParts::default() };
        let full =
            HistogramParts { positive_spans: vec![span(0, 3)], positive_counts: vec![1.0; 3], ..base() };
        assert!(FloatHistogram::from_parts(full).is_ok());
        let long =
            HistogramParts { positive_spans: vec![span(1, 3)], positive_counts: vec![1.0; 3], ..base() };
        assert!(error(long).contains("index 3"));
        for bounds in [vec![1.0, 1.0], vec![f64::NAN], vec![f64::INFINITY], vec![f64::NEG_INFINITY]] {
            assert!(error(HistogramParts { custom_bounds: bounds, ..base() }).contains("increasing"));
        }
        assert!(error(HistogramParts { zero_threshold: 1.0, ..base() }).contains("zero threshold"));
        let zero = FloatHistogram::from_parts(HistogramParts { zero_count: 1.0, ..base() }).unwrap();
        assert_eq!(zero.view().check_counts(), Err(InvalidHistogram::CustomWith("a zero bucket")));
    }

    #[test]
    fn storage_refuses_negative_counts_only() {
        let parts = HistogramParts {
            count: 5.0,
            positive_spans: vec![span(0, 1)],
            positive_counts: vec![-1.0],
            ..HistogramParts::default()
        };
        let histogram = FloatHistogram::from_parts(parts).unwrap();
        let refused = histogram.view().check_counts().unwrap_err().to_string();
        assert_eq!(refused, "histogram has the negative bucket count -1");
    }

    #[test]
    fn spans_become_maximal_runs() {
        let parts = HistogramParts {
            positive_spans: vec![span(-2, 1), span(0, 1), span(3, 0), span(0, 2)],
            positive_counts: vec![1.0, 2.0, 3.0, 4.0],
            ..HistogramParts::default()
        };
        let histogram = FloatHistogram::from_parts(parts).unwrap();
        assert_eq!(histogram.view().positive_spans(), [span(-2, 2), span(3, 2)]);
    }

    #[test]
    fn deltas_become_absolute() {
        assert_eq!(absolute_counts([1, 2, -1, 0]), [1.0, 3.0, 2.0, 2.0]);
    }
}
