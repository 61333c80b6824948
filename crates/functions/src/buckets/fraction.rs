//! The fraction of a classic histogram's observations between two bounds.

use super::{Bucket, prepare};

/// The share of observations in (`lower`, `upper`], by linear interpolation inside the buckets that the bounds
/// fall into; NaN where it cannot be told. The buckets come in any order; they are reordered and merged, but
/// decreasing counts are not repaired.
#[must_use]
pub fn bucket_fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !prepare(buckets) {
        return f64::NAN;
    }
    let total = buckets.last().map_or(0.0, |bucket| bucket.count);
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank(upper, buckets, total) - rank(lower, buckets, total)) / total
}

/// Number of observations below `x`, never more than `total`.
fn rank(x: f64, buckets: &[Bucket], total: f64) -> f64 {
    let mut start = if buckets[0].upper > 0.0 { 0.0 } else { f64::NEG_INFINITY };
    let mut before = 0.0;
    for &Bucket { upper: end, count } in buckets {
        if start >= x {
            return clip(before, total);
        }
        if x < end {
            if start == f64::NEG_INFINITY {
                return clip(count, total);
            }
            return clip(before + (count - before) * (x - start) / (end - start), total);
        }
        (start, before) = (end, count);
    }
    total
}

fn clip(rank: f64, total: f64) -> f64 {
    if rank > total { total } else { rank }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn fraction(lower: f64, upper: f64, buckets: &[(f64, f64)]) -> f64 {
        let mut buckets = buckets.iter().map(|&(upper, count)| Bucket { upper, count }).collect();
        bucket_fraction(lower, upper, &mut buckets)
    }

    #[test]
    fn interpolates_inside_buckets() {
        let positive = [(0.1, 5.0), (0.5, 8.0), (1.0, 9.0), (INF, 10.0)];
        let negative = [(-3.0, 10.0), (-2.0, 12.0), (-1.0, 15.0), (INF, 100.0)];
        for (lower, upper, buckets, expected) in [
            (0.05, 0.3, positive, 0.4),
            (-INF, 1.0, positive, 0.9),
            (2.0, 3.0, positive, 0.0),
            (-4.0, -2.0, negative, 0.02),
            (-INF, INF, positive, 1.0),
            (1.0, 1.0, positive, 0.0),
        ] {
            let got = fraction(lower, upper, &buckets);
            assert!((got - expected).abs() < 1e-12, "({lower}, {upper}): {got}");
        }
    }

    #[test]
    fn nothing_to_estimate_from() {
        assert!(fraction(0.0, 1.0, &[(1.0, 4.0), (2.0, 5.0)]).is_nan());
        assert!(fraction(0.0, 1.0, &[(1.0, 0.0), (INF, 0.0)]).is_nan());
        assert!(fraction(f64::NAN, 1.0, &[(1.0, 1.0), (INF, 2.0)]).is_nan());
    }
}
