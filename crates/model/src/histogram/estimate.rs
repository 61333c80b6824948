//! What a histogram tells about the distribution of its observations.

use super::HistogramView;
use super::buckets::Bucket;
use super::numeric::{Cell, Kahan, exp2, log2};

/// How observations are taken to lie within a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interpolation {
    /// Evenly.
    Linear,
    /// Evenly on a logarithmic scale.
    Exponential,
}

/// An estimated quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The estimate.
    pub value: f64,
    /// What NaN observations did to it, if anything.
    pub note: Option<QuantileNote>,
}

/// How NaN observations, which count but lie in no bucket, affect a quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantileNote {
    /// The quantile falls among the NaN observations (info "result is NaN").
    ResultIsNan,
    /// It lies below them, and is taken as if they were the greatest (info "result is skewed higher").
    ResultIsSkewed,
}

/// An estimated fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction {
    /// The estimate.
    pub value: f64,
    /// Whether there are NaN observations, which belong to no range (info "excluded from all fractions").
    pub nan_excluded: bool,
}

/// Which part of the observations between `lower` and `upper` is below `v`, which lies between them.
pub(super) fn fraction_below(v: f64, lower: f64, upper: f64, how: Interpolation) -> f64 {
    match how {
        Interpolation::Linear => (v - lower) / (upper - lower),
        Interpolation::Exponential if v > 0.0 => {
            let (low, high) = (log2(lower.abs()), log2(upper.abs()));
            (log2(v) - low) / (high - low)
        }
        Interpolation::Exponential => {
            let (low, high) = (log2(lower.abs()), log2(upper.abs()));
            1.0 - (log2(v.abs()) - high) / (low - high)
        }
    }
}

impl HistogramView<'_> {
    /// Estimates the `q`-quantile, as `histogram_quantile` does. −∞ for `q` below 0, +∞ above 1, NaN for NaN
    /// and for a histogram without observations.
    #[must_use]
    pub fn quantile(self, q: f64) -> Quantile {
        let plain = |value| Quantile { value, note: None };
        if q < 0.0 {
            plain(f64::NEG_INFINITY)
        } else if q > 1.0 {
            plain(f64::INFINITY)
        } else if self.count == 0.0 || q.is_nan() {
            plain(f64::NAN)
        } else if self.sum.is_nan() || q < 0.5 {
            self.quantile_along(self.buckets(), q * self.count, Direction::Up)
        } else {
            self.quantile_along(self.buckets().rev(), (1.0 - q) * self.count, Direction::Down)
        }
    }

    /// Walks the buckets until `rank` observations are behind, then looks into the bucket reached.
    fn quantile_along(
        self,
        mut buckets: impl Iterator<Item = Bucket>,
        mut rank: f64,
        direction: Direction,
    ) -> Quantile {
        let mut seen = 0.0;
        let mut bucket =
            Bucket { lower: 0.0, upper: 0.0, lower_inclusive: false, upper_inclusive: false, count: 0.0 };
        for next in buckets.by_ref() {
            bucket = next;
            seen += bucket.count;
            if bucket.count != 0.0 && seen >= rank {
                break;
            }
        }
        if self.schema.is_custom() {
            if bucket.lower == f64::NEG_INFINITY {
                if bucket.upper <= 0.0 {
                    return Quantile { value: bucket.upper, note: None };
                }
                bucket.lower = 0.0;
            } else if bucket.upper == f64::INFINITY {
                return Quantile { value: bucket.lower, note: None };
            }
        } else if bucket.lower < 0.0 && bucket.upper > 0.0 {
            bucket = self.without_unused_half(bucket);
        }
        seen = if seen > self.count { self.count } else { seen };
        let nan = self.sum.is_nan();
        if seen < rank {
            return match nan {
                true => Quantile { value: f64::NAN, note: Some(QuantileNote::ResultIsNan) },
                false => Quantile { value: bucket.upper, note: None },
            };
        }
        rank = match direction {
            Direction::Up => rank - (seen - bucket.count),
            Direction::Down => seen - rank,
        };
        let mut note = None;
        if nan {
            // Prometheus counts what is left with the same variable, so that the last bucket is the one that
            // the result is interpolated in.
            for next in buckets {
                bucket = next;
                seen += bucket.count;
            }
            note = (seen < self.count).then_some(QuantileNote::ResultIsSkewed);
        }
        Quantile { value: self.interpolate(bucket, rank / bucket.count), note }
    }

    fn interpolate(self, bucket: Bucket, fraction: f64) -> f64 {
        let Bucket { lower, upper, .. } = bucket;
        if self.schema.is_custom() || bucket.spans_zero() {
            return lower + (upper - lower) * fraction;
        }
        let (low, high) = (log2(lower.abs()), log2(upper.abs()));
        if lower > 0.0 {
            exp2(low + (high - low) * fraction)
        } else {
            -exp2(high + (low - high) * (1.0 - fraction))
        }
    }

    /// Estimates which part of the observations lies between `lower` and `upper`, as `histogram_fraction`
    /// does. NaN for NaN bounds and for a histogram without observations.
    #[must_use]
    pub fn fraction(self, lower: f64, upper: f64) -> Fraction {
        let plain = |value| Fraction { value, nan_excluded: false };
        if self.count == 0.0 || lower.is_nan() || upper.is_nan() {
            return plain(f64::NAN);
        }
        if lower >= upper {
            return plain(0.0);
        }
        let (mut below_lower, mut below_upper, mut total) = (None, None, 0.0);
        for bucket in self.buckets() {
            let near_zero = bucket.spans_zero();
            let bucket = if near_zero { self.without_unused_half(bucket) } else { bucket };
            let how = if near_zero { Interpolation::Linear } else { self.interpolation() };
            below_lower = below_lower.or_else(|| rank_in(bucket, lower, total, how));
            below_upper = below_upper.or_else(|| rank_in(bucket, upper, total, how));
            total += bucket.count;
        }
        let nan = self.sum.is_nan();
        let most = if nan { total } else { self.count };
        let rank = |r: Option<f64>| r.map_or(most, |r| if r > most { most } else { r });
        let value = (rank(below_upper) - rank(below_lower)) / self.count;
        Fraction { value, nan_excluded: nan && total < self.count }
    }

    /// Estimates the variance, as `histogram_stdvar` does: NaN for an empty histogram.
    #[must_use]
    pub fn stdvar(self) -> f64 {
        let mean = self.avg();
        let mut squares = Kahan { sum: 0.0, lost: 0.0 };
        for bucket in self.populated_buckets() {
            let value = if self.schema.is_custom() {
                (bucket.upper + bucket.lower) / 2.0
            } else if bucket.spans_zero() {
                0.0
            } else {
                (bucket.upper * bucket.lower).sqrt().copysign(bucket.upper)
            };
            let delta = value - mean;
            squares.add(bucket.count * delta * delta);
        }
        squares.value() / self.count
    }

    /// Estimates the standard deviation, as `histogram_stddev` does.
    #[must_use]
    pub fn stddev(self) -> f64 {
        self.stdvar().sqrt()
    }

    pub(super) fn interpolation(self) -> Interpolation {
        if self.schema.is_custom() { Interpolation::Linear } else { Interpolation::Exponential }
    }

    /// A bucket around zero without its negative or positive half, if no bucket is stored on that side but
    /// some are on the other.
    fn without_unused_half(self, mut bucket: Bucket) -> Bucket {
        match (self.negative.counts.is_empty(), self.positive.counts.is_empty()) {
            (true, false) => bucket.lower = 0.0,
            (false, true) => bucket.upper = 0.0,
            _ => {}
        }
        bucket
    }
}

/// In which order the buckets of a quantile are walked.
#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

/// How many observations are below `limit`, if that is decided by this bucket; `before` are in lower ones.
fn rank_in(
    Bucket { lower, upper, count, .. }: Bucket,
    limit: f64,
    before: f64,
    how: Interpolation,
) -> Option<f64> {
    if lower >= limit {
        return Some(before);
    }
    let inside = lower < limit && limit < upper;
    inside.then(|| match lower == f64::NEG_INFINITY {
        true => count,
        false => before + count * fraction_below(limit, lower, upper, how),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::testing::h;

    const POSITIVE: &str = "{{count:12 sum:100 z_bucket:2 z_bucket_w:0.001 buckets:[2 3 0 1 4]}}";
    const NEGATIVE: &str = "{{count:12 sum:100 z_bucket:2 z_bucket_w:0.001 n_buckets:[2 3 0 1 4]}}";
    const BOTH: &str =
        "{{count:24 sum:100 z_bucket:4 z_bucket_w:0.001 buckets:[2 3 0 1 4] n_buckets:[2 3 0 1 4]}}";
    const CUSTOM: &str = "{{schema:-53 count:4 sum:5 custom_values:[5 10] buckets:[1 2 1]}}";
    const NAN: &str = "{{count:15 sum:NaN buckets:[12]}}";
    const INF: f64 = f64::INFINITY;

    #[test]
    fn quantiles() {
        for (histogram, q, expected) in [
            (POSITIVE, 0.5, 1.5874010519681994),
            (POSITIVE, 0.9, 12.99603834169977),
            (POSITIVE, 1.0, 16.0),
            (POSITIVE, -0.1, -INF),
            (POSITIVE, 1.1, INF),
            (NEGATIVE, 0.5, -1.5874010519681996),
            (NEGATIVE, 0.0, -16.0),
            (BOTH, 0.5, 0.0),
            (BOTH, 0.3, -1.2030250360821169),
            (CUSTOM, 0.1, 2.0),
            (CUSTOM, 0.5, 7.5),
            (CUSTOM, 0.9, 10.0),
            ("{{schema:-53 count:4 custom_values:[-2] buckets:[1 3]}}", 0.1, -2.0),
            ("{{schema:-53 count:4 custom_values:[] buckets:[4]}}", 0.5, INF),
        ] {
            assert_eq!(
                h(histogram).view().quantile(q),
                Quantile { value: expected, note: None },
                "{q} of {histogram}"
            );
        }
        assert!((h(POSITIVE).view().quantile(0.1).value - 0.0006).abs() < 1e-17);
        assert!((h(NEGATIVE).view().quantile(0.99).value + 0.00006).abs() < 1e-17);
        for (histogram, q) in [
            (POSITIVE, f64::NAN),
            ("{{}}", 0.5),
            ("{{schema:-53 count:4 custom_values:[] buckets:[4]}}", 0.0),
        ] {
            assert!(h(histogram).view().quantile(q).value.is_nan(), "{q} of {histogram}");
        }
    }

    #[test]
    fn quantiles_among_nan_observations() {
        let skewed = |value| Quantile { value, note: Some(QuantileNote::ResultIsSkewed) };
        let last = h("{{count:15 sum:NaN buckets:[2 4 6]}}");
        assert_eq!(h(NAN).view().quantile(0.4), skewed(0.7071067811865475));
        assert_eq!(last.view().quantile(0.1), skewed(2.378414230005442));
        let beyond = h(NAN).view().quantile(0.81);
        assert!(beyond.value.is_nan());
        assert_eq!(beyond.note, Some(QuantileNote::ResultIsNan));
    }

    #[test]
    fn fractions() {
        for (histogram, lower, upper, expected) in [
            (POSITIVE, 0.0, 1.5, 0.4795739585136224),
            (POSITIVE, -INF, 0.0, 0.0),
            (POSITIVE, -INF, INF, 1.0),
            (POSITIVE, 2.0, 1.0, 0.0),
            (NEGATIVE, -INF, -6.0, 0.36791979160657035),
            (CUSTOM, 0.0, 7.0, 0.45),
            ("{{schema:-53 count:4 custom_values:[-5 5] buckets:[0 4]}}", 0.0, 2.5, 0.5),
        ] {
            let fraction = h(histogram).view().fraction(lower, upper);
            assert!(
                (fraction.value - expected).abs() <= 1e-16,
                "{lower}..{upper} of {histogram}: {fraction:?}"
            );
            assert!(!fraction.nan_excluded);
        }
        assert_eq!(h(NAN).view().fraction(-INF, INF), Fraction { value: 0.8, nan_excluded: true });
        assert!(h("{{}}").view().fraction(0.0, 1.0).value.is_nan());
        assert!(h(POSITIVE).view().fraction(f64::NAN, 1.0).value.is_nan());
    }

    #[test]
    fn variance() {
        let wide = h("{{schema:2 count:4 sum:10 buckets:[1 0 0 0 1 0 0 1 1]}}");
        assert_eq!(wide.view().stdvar(), 1.163807968526718);
        let custom = h("{{schema:-53 count:3 sum:12 custom_values:[0 4 8] buckets:[0 2 1]}}");
        assert_eq!(custom.view().stdvar(), 4.0);
        assert_eq!(custom.view().stddev(), 2.0);
        assert_eq!(custom.view().avg(), 4.0);
        assert!(h("{{}}").view().stdvar().is_nan());
    }
}
