//! Classic histograms: quantiles and fractions of cumulative buckets.
//!
//! A classic histogram is a group of series that differ in the label `le`, the upper bound of the bucket that a
//! series counts. [`parse_le`] reads the bound; [`bucket_quantile`] and [`bucket_fraction`] estimate from the
//! buckets of one step.

mod fraction;
mod le;
mod quantile;

pub use fraction::bucket_fraction;
pub use le::{parse_le, quantile_label};
pub use quantile::{BucketQuantile, Repair, bucket_quantile};

/// A cumulative bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Its upper bound, inside the bucket.
    pub upper: f64,
    /// Observations up to the bound.
    pub count: f64,
}

/// Orders buckets by bound and sums those with equal bounds; `false` if the highest bound is not +Inf, in which
/// case nothing can be estimated. NaN bounds sort last.
fn prepare(buckets: &mut Vec<Bucket>) -> bool {
    if !buckets.is_sorted_by(|a, b| a.upper <= b.upper) {
        buckets.sort_by(|a, b| {
            a.upper.partial_cmp(&b.upper).unwrap_or_else(|| a.upper.is_nan().cmp(&b.upper.is_nan()))
        });
    }
    if buckets.last().is_none_or(|bucket| bucket.upper != f64::INFINITY) {
        return false;
    }
    buckets.dedup_by(|bucket, kept| {
        let equal = bucket.upper == kept.upper;
        if equal {
            kept.count += bucket.count;
        }
        equal
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bounds_are_one_bucket() {
        let buckets = [(f64::INFINITY, 4.0), (1.0, 1.0), (1.0, 2.0)];
        let mut buckets = buckets.map(|(upper, count)| Bucket { upper, count }).to_vec();
        assert!(prepare(&mut buckets));
        assert_eq!(buckets, [Bucket { upper: 1.0, count: 3.0 }, Bucket { upper: f64::INFINITY, count: 4.0 }]);
    }

    #[test]
    fn the_highest_bound_must_be_infinite() {
        for last in [1.0, f64::NAN] {
            let mut buckets = vec![Bucket { upper: 0.5, count: 1.0 }, Bucket { upper: last, count: 2.0 }];
            assert!(!prepare(&mut buckets));
        }
        assert!(!prepare(&mut Vec::new()));
    }
}
