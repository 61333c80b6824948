//! The quantile of a classic histogram.

use std::cmp::Ordering;

use super::{Bucket, prepare};

/// A quantile, and what had to be repaired for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BucketQuantile {
    /// The estimate; NaN where there is none.
    pub value: f64,
    /// Set if a count was clearly lower than that of a smaller bucket.
    pub repair: Option<Repair>,
}

/// Counts that were raised to make a histogram cumulative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repair {
    /// Lowest bound of a raised bucket.
    pub min_bound: f64,
    /// Highest bound of a raised bucket.
    pub max_bound: f64,
    /// Largest raise.
    pub max_diff: f64,
}

/// Relative difference up to which counts are taken for equal: they come from float arithmetic.
const TOLERANCE: f64 = 1e-12;

/// Quantile `q` of a histogram, by linear interpolation inside the bucket that it falls into. The buckets come in
/// any order, and are reordered, merged and repaired.
#[must_use]
pub fn bucket_quantile(q: f64, buckets: &mut Vec<Bucket>) -> BucketQuantile {
    let plain = |value| BucketQuantile { value, repair: None };
    if q.is_nan() {
        return plain(f64::NAN);
    }
    if q < 0.0 {
        return plain(f64::NEG_INFINITY);
    }
    if q > 1.0 {
        return plain(f64::INFINITY);
    }
    if !prepare(buckets) {
        return plain(f64::NAN);
    }
    let repair = make_monotonic(buckets);
    BucketQuantile { value: interpolate(q, buckets), repair }
}

/// Quantile of sorted, distinct and cumulative buckets up to +Inf.
fn interpolate(q: f64, buckets: &[Bucket]) -> f64 {
    let [finite @ .., last] = buckets else { return f64::NAN };
    let Some(highest) = finite.last() else { return f64::NAN };
    if last.count == 0.0 {
        return f64::NAN;
    }
    let mut rank = q * last.count;
    let found = finite.partition_point(|bucket| bucket.count.partial_cmp(&rank).is_none_or(Ordering::is_lt));
    let Some(bucket) = finite.get(found) else { return highest.upper };
    let (mut start, end, mut count) = (0.0, bucket.upper, bucket.count);
    if found > 0 {
        let before = finite[found - 1];
        start = before.upper;
        count -= before.count;
        rank -= before.count;
    } else if end <= 0.0 {
        return end;
    }
    start + (end - start) * (rank / count)
}

/// Raises counts that are lower than those of smaller buckets.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<Repair> {
    let mut repair: Option<Repair> = None;
    let mut previous = buckets.first()?.count;
    for bucket in &mut buckets[1..] {
        if bucket.count == previous {
            continue;
        }
        if nearly_equal(previous, bucket.count) {
            bucket.count = previous;
        } else if bucket.count < previous {
            let (bound, diff) = (bucket.upper, previous - bucket.count);
            let known = repair.unwrap_or(Repair { min_bound: bound, max_bound: bound, max_diff: diff });
            repair = Some(Repair {
                min_bound: known.min_bound.min(bound),
                max_bound: known.max_bound.max(bound),
                max_diff: known.max_diff.max(diff),
            });
            bucket.count = previous;
        } else {
            previous = bucket.count;
        }
    }
    repair
}

fn nearly_equal(a: f64, b: f64) -> bool {
    let (sum, diff) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return diff < TOLERANCE * f64::MIN_POSITIVE;
    }
    diff / sum.min(f64::MAX) < TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn quantile(q: f64, buckets: &[(f64, f64)]) -> BucketQuantile {
        let mut buckets = buckets.iter().map(|&(upper, count)| Bucket { upper, count }).collect();
        bucket_quantile(q, &mut buckets)
    }

    fn close(got: f64, expected: f64) -> bool {
        got == expected || (got - expected).abs() < 1e-12
    }

    #[test]
    fn interpolates_inside_a_bucket() {
        let buckets = [(0.1, 5.0), (0.5, 8.0), (1.0, 9.0), (INF, 10.0)];
        for (q, expected) in
            [(0.25, 0.05), (0.75, 0.433_333_333_333_333_3), (0.95, 1.0), (0.0, 0.0), (1.0, 1.0)]
        {
            let got = quantile(q, &buckets);
            assert!(close(got.value, expected) && got.repair.is_none(), "{q}: {got:?}");
        }
        assert_eq!(quantile(-0.1, &buckets).value, -INF);
        assert_eq!(quantile(1.01, &buckets).value, INF);
        assert!(quantile(f64::NAN, &buckets).value.is_nan());
    }

    #[test]
    fn nothing_to_estimate_from() {
        for buckets in [
            [].as_slice(),
            &[(INF, 4.0)],
            &[(1.0, 4.0), (2.0, 5.0)],
            &[(1.0, 0.0), (INF, 0.0)],
            &[(INF, 4.0), (INF, 4.0)],
        ] {
            assert!(quantile(0.5, buckets).value.is_nan(), "{buckets:?}");
        }
    }

    #[test]
    fn the_first_bucket_starts_at_zero_unless_it_ends_below() {
        assert_eq!(quantile(0.1, &[(-1.0, 5.0), (1.0, 6.0), (INF, 6.0)]).value, -1.0);
        assert!(close(quantile(0.9, &[(-1.0, 5.0), (1.0, 10.0), (INF, 10.0)]).value, 0.6));
        assert!(quantile(0.0, &[(1.0, 0.0), (2.0, 3.0), (INF, 3.0)]).value.is_nan());
    }

    #[test]
    fn decreasing_counts_are_raised_and_reported() {
        let buckets = [(0.1, 2.0), (1.0, 1.0), (10.0, 5.0), (100.0, 4.0), (1000.0, 9.0), (INF, 8.0)];
        let got = quantile(0.5, &buckets);
        assert!(close(got.value, 1.0 + 9.0 * 2.5 / 3.0));
        assert_eq!(got.repair, Some(Repair { min_bound: 1.0, max_bound: INF, max_diff: 1.0 }));
    }

    #[test]
    fn rounding_errors_are_raised_silently() {
        let got = quantile(0.5, &[(1.0, 2.0), (2.0, 2.0 - 1e-13), (INF, 4.0)]);
        assert_eq!(got, BucketQuantile { value: 1.0, repair: None });
    }
}
