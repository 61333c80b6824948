//! Classic histograms, cumulative counts per upper bound, to custom buckets and back.

use super::{FloatHistogram, HistogramParts, HistogramView, InvalidHistogram, Schema, Span};

/// Why cumulative buckets do not make a histogram.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClassic {
    /// A bound is NaN.
    #[error("a classic histogram bucket has the bound NaN")]
    NanBound,
    /// A count is negative or NaN.
    #[error("classic histogram bucket le=\"{bound}\" has the count {count}, which is not 0 or more")]
    BadCount {
        /// The bucket's upper bound.
        bound: f64,
        /// Its cumulative count.
        count: f64,
    },
    /// A bucket counts less than the one below it.
    #[error(
        "classic histogram bucket le=\"{bound}\" counts {count}, less than the {below} of the bucket below"
    )]
    NotCumulative {
        /// The bucket's upper bound.
        bound: f64,
        /// Its cumulative count.
        count: f64,
        /// The cumulative count of the bucket below.
        below: f64,
    },
    /// The count is not that of the `+Inf` bucket.
    #[error("classic histogram counts {count} observations, but its buckets hold {buckets}")]
    CountMismatch {
        /// The `_count`.
        count: f64,
        /// What the highest bucket says.
        buckets: f64,
    },
    /// The bounds do not suit custom buckets.
    #[error(transparent)]
    Layout(#[from] InvalidHistogram),
}

/// Builds a histogram with custom buckets from classic ones: pairs of upper bound (`le`) and cumulative count
/// in any order, of which repeated bounds count once. Without `count` the highest bucket's stands in, without
/// `sum` 0. Counts that are all integers keep empty buckets in gaps of up to two, as integer histograms do.
pub fn from_classic(
    buckets: &[(f64, f64)],
    count: Option<f64>,
    sum: Option<f64>,
) -> Result<FloatHistogram, InvalidClassic> {
    let mut buckets = checked(buckets)?;
    let highest = buckets.last().map_or(0.0, |&(_, cumulative)| cumulative);
    let count = count.unwrap_or(highest);
    if buckets.last().is_none_or(|&(bound, _)| bound != f64::INFINITY) {
        buckets.push((f64::INFINITY, count));
    }
    let mut below = 0.0;
    let mut positive_counts = Vec::with_capacity(buckets.len());
    for &(bound, cumulative) in &buckets {
        if cumulative < below {
            return Err(InvalidClassic::NotCumulative { bound, count: cumulative, below });
        }
        positive_counts.push(cumulative - below);
        below = cumulative;
    }
    if count != below {
        return Err(InvalidClassic::CountMismatch { count, buckets: below });
    }
    let integers = buckets.iter().all(|&(_, cumulative)| cumulative.fract() == 0.0);
    buckets.pop();
    let mut histogram = FloatHistogram::from_parts(HistogramParts {
        schema: Schema::CUSTOM.get(),
        count,
        sum: sum.unwrap_or(0.0),
        positive_spans: vec![Span { offset: 0, length: positive_counts.len() as u32 }],
        positive_counts,
        custom_bounds: buckets.into_iter().map(|(bound, _)| bound).collect(),
        ..HistogramParts::default()
    })?;
    histogram.compact(if integers { 2 } else { 0 });
    Ok(histogram)
}

/// The buckets in order of their bounds, each bound once.
fn checked(buckets: &[(f64, f64)]) -> Result<Vec<(f64, f64)>, InvalidClassic> {
    for &(bound, count) in buckets {
        if bound.is_nan() {
            return Err(InvalidClassic::NanBound);
        }
        if count.is_nan() || count < 0.0 {
            return Err(InvalidClassic::BadCount { bound, count });
        }
    }
    let mut sorted = buckets.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.dedup_by(|later, first| later.0 == first.0);
    Ok(sorted)
}

impl HistogramView<'_> {
    /// The classic buckets of a histogram with custom bounds: upper bound and cumulative count, ascending, up
    /// to `+Inf`. `None` for exponential schemas.
    #[must_use]
    pub fn to_classic(self) -> Option<Vec<(f64, f64)>> {
        if !self.schema.is_custom() {
            return None;
        }
        let mut stored = self.positive.iter().peekable();
        let mut cumulative = 0.0;
        let bounds = self.custom_bounds.iter().copied().chain([f64::INFINITY]);
        let buckets = bounds.zip(0i32..).map(|(bound, index)| {
            cumulative += stored.next_if(|&(i, _)| i == index).map_or(0.0, |(_, count)| count);
            (bound, cumulative)
        });
        Some(buckets.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::testing::h;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn classic_buckets_become_custom_ones() {
        let expected = h("{{schema:-53 count:4 custom_values:[0.1 0.2] buckets:[1 2 1]}}");
        let shuffled = [(INF, 4.0), (0.2, 3.0), (0.1, 1.0), (0.2, 3.0)];
        assert_eq!(from_classic(&shuffled, None, None), Ok(expected.clone()));
        assert_eq!(from_classic(&[(0.1, 1.0), (0.2, 3.0)], Some(4.0), Some(0.0)), Ok(expected));
        assert_eq!(
            from_classic(&[], None, Some(3.0)).unwrap().view().literal(),
            "{{schema:-53 sum:3 custom_values:[]}}"
        );
    }

    #[test]
    fn integers_keep_short_gaps() {
        let integers = from_classic(&[(1.0, 1.0), (2.0, 1.0), (INF, 2.0)], None, None).unwrap();
        assert_eq!(integers.view().positive_counts(), [1.0, 0.0, 1.0]);
        let floats = from_classic(&[(1.0, 0.5), (2.0, 0.5), (INF, 2.0)], None, None).unwrap();
        assert_eq!(floats.view().positive_counts(), [0.5, 1.5]);
    }

    #[test]
    fn contradictions_are_told() {
        let error = |buckets: &[(f64, f64)], count| from_classic(buckets, count, None).unwrap_err();
        assert!(matches!(error(&[(f64::NAN, 1.0)], None), InvalidClassic::NanBound));
        assert!(matches!(error(&[(1.0, -1.0)], None), InvalidClassic::BadCount { .. }));
        assert!(matches!(error(&[(1.0, 2.0), (2.0, 1.0)], None), InvalidClassic::NotCumulative { .. }));
        assert!(matches!(error(&[(1.0, 2.0)], Some(1.0)), InvalidClassic::NotCumulative { .. }));
        assert!(matches!(error(&[(INF, 2.0)], Some(3.0)), InvalidClassic::CountMismatch { .. }));
        assert!(matches!(error(&[(-INF, 2.0)], None), InvalidClassic::Layout(_)));
    }

    #[test]
    fn custom_buckets_become_classic_ones() {
        let custom = h("{{schema:-53 count:4 custom_values:[0.1 0.2 0.3] offset:1 buckets:[1 0 3]}}");
        let classic = custom.view().to_classic().unwrap();
        assert_eq!(classic, [(0.1, 0.0), (0.2, 1.0), (0.3, 1.0), (INF, 4.0)]);
        assert!(from_classic(&classic, None, None).unwrap().view().almost_equals(custom.view()));
        assert_eq!(h("{{}}").view().to_classic(), None);
    }
}
