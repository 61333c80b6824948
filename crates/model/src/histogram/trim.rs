//! The trim operators `</` and `>/`: observations beyond a value are taken out.

use super::buckets::Bucket;
use super::estimate::{Interpolation, fraction_below};
use super::{FloatHistogram, HistogramView};

/// Which observations stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Below,
    Above,
}

/// What is left of a bucket, and the value that its observations are taken to have.
struct Kept {
    count: f64,
    value: f64,
}

impl Kept {
    const NOTHING: Self = Self { count: 0.0, value: 0.0 };
}

impl HistogramView<'_> {
    /// The operator `</`: keeps what is at most `limit`. Count and sum are estimated anew from what is left,
    /// unless nothing was taken out.
    #[must_use]
    pub fn keep_below(self, limit: f64) -> FloatHistogram {
        self.trimmed(Keep::Below, limit)
    }

    /// The operator `>/`: keeps what is at least `limit`, otherwise as [`keep_below`](Self::keep_below).
    #[must_use]
    pub fn keep_above(self, limit: f64) -> FloatHistogram {
        self.trimmed(Keep::Above, limit)
    }

    fn trimmed(self, keep: Keep, limit: f64) -> FloatHistogram {
        let mut out = self.to_owned();
        let (mut count, mut sum, mut changed) = (0.0, 0.0, false);
        let mut take = |stored: &mut f64, kept: Kept| {
            count += kept.count;
            sum += kept.count * kept.value;
            changed |= *stored != kept.count;
            *stored = kept.count;
        };
        let how = self.interpolation();
        for (stored, bucket) in out.0.positive.counts.iter_mut().zip(self.positive_buckets()) {
            if bucket.count != 0.0 {
                take(stored, trim_bucket(bucket, how, keep, limit));
            }
        }
        for (stored, bucket) in out.0.negative.counts.iter_mut().zip(self.negative_buckets()) {
            if bucket.count != 0.0 {
                take(stored, trim_bucket(bucket, how, keep, limit));
            }
        }
        if self.zero_count > 0.0 {
            take(&mut out.0.zero_count, trim_zero_bucket(self.occupied_zero_bucket(), keep, limit));
        }
        if changed {
            out.0.count = count;
            out.0.sum = sum;
            out.compact(0);
        }
        out
    }

    /// The zero bucket without the half in which there are no observations elsewhere.
    fn occupied_zero_bucket(self) -> Bucket {
        let populated = |counts: &[f64]| counts.iter().any(|&c| c != 0.0);
        let mut zero = self.zero_bucket();
        match (populated(self.negative.counts), populated(self.positive.counts)) {
            (false, true) => zero.lower = 0.0,
            (true, false) => zero.upper = 0.0,
            _ => {}
        }
        zero
    }
}

fn trim_bucket(bucket: Bucket, how: Interpolation, keep: Keep, limit: f64) -> Kept {
    let Bucket { lower, upper, count, .. } = bucket;
    let (whole, partial) = match keep {
        Keep::Below => (upper <= limit, lower < limit),
        Keep::Above => (lower >= limit, upper > limit),
    };
    if whole {
        return Kept { count, value: middle(lower, upper, how) };
    }
    if !partial {
        return Kept::NOTHING;
    }
    if lower == f64::NEG_INFINITY {
        return trim_lowest(bucket, keep, limit);
    }
    if upper == f64::INFINITY {
        return match keep {
            Keep::Below => Kept::NOTHING,
            Keep::Above => Kept { count, value: limit },
        };
    }
    let below = count * fraction_below(limit, lower, upper, how);
    match keep {
        Keep::Below => Kept { count: below, value: middle(lower, limit, how) },
        Keep::Above => Kept { count: count - below, value: middle(limit, upper, how) },
    }
}

/// A bucket from −∞ that the limit cuts. If it reaches above zero, its observations are taken to be positive.
fn trim_lowest(Bucket { upper, count, .. }: Bucket, keep: Keep, limit: f64) -> Kept {
    match keep {
        Keep::Below if limit > 0.0 && upper.is_finite() => {
            Kept { count: count * limit / upper, value: limit / 2.0 }
        }
        Keep::Below if upper <= 0.0 => Kept { count, value: limit },
        Keep::Above if limit >= 0.0 && upper.is_finite() => {
            Kept { count: count * (1.0 - limit / upper), value: (limit + upper) / 2.0 }
        }
        _ => Kept::NOTHING,
    }
}

fn trim_zero_bucket(Bucket { lower, upper, count, .. }: Bucket, keep: Keep, limit: f64) -> Kept {
    let whole = Kept { count, value: (lower + upper) / 2.0 };
    match keep {
        Keep::Below if limit <= lower => Kept::NOTHING,
        Keep::Below if limit >= upper => whole,
        Keep::Below => {
            Kept { count: count * (limit - lower) / (upper - lower), value: (lower + limit) / 2.0 }
        }
        Keep::Above if limit <= lower => whole,
        Keep::Above if limit >= upper => Kept::NOTHING,
        Keep::Above => {
            Kept { count: count * (upper - limit) / (upper - lower), value: (limit + upper) / 2.0 }
        }
    }
}

/// The value that stands for all observations between two bounds.
fn middle(lower: f64, upper: f64, how: Interpolation) -> f64 {
    match (lower.is_infinite(), upper.is_infinite()) {
        (true, true) => 0.0,
        (true, false) if upper > 0.0 => upper / 2.0,
        (true, false) => upper,
        (false, true) => lower,
        (false, false) if how == Interpolation::Linear => (lower + upper) / 2.0,
        (false, false) => (lower * upper).abs().sqrt().copysign(lower + upper),
    }
}

#[cfg(test)]
mod tests {
    use crate::histogram::testing::h;

    const EXPONENTIAL: &str =
        "{{sum:123.75 count:34 z_bucket:1 z_bucket_w:0.001 buckets:[2 4 8 16] n_buckets:[1 2]}}";
    const CUSTOM: &str = "{{schema:-53 sum:172.5 count:15 custom_values:[5 10 15 20] buckets:[1 6 4 3 1]}}";
    const BELOW_ZERO: &str =
        "{{schema:-53 sum:0 count:17 custom_values:[-10 5 10 15 20] buckets:[2 1 6 4 3 1]}}";

    #[test]
    #[expect(clippy::approx_constant, reason = "a bound that must not become the nearest double")]
    fn below() {
        for (input, limit, expected) in [
            (
                EXPONENTIAL,
                1.4142135624,
                "{{count:8 sum:0.2570938865989847 z_bucket:1 z_bucket_w:0.001 buckets:[2 2] n_buckets:[1 2]}}",
            ),
            (CUSTOM, 13.0, "{{schema:-53 count:9.4 sum:75.1 custom_values:[5 10 15 20] buckets:[1 6 2.4]}}"),
            (CUSTOM, 50.0, "{{schema:-53 count:14 sum:150 custom_values:[5 10 15 20] buckets:[1 6 4 3]}}"),
            (BELOW_ZERO, -15.0, "{{schema:-53 count:2 sum:-30 custom_values:[-10 5 10 15 20] buckets:[2]}}"),
            (CUSTOM, f64::INFINITY, CUSTOM),
            (EXPONENTIAL, f64::NEG_INFINITY, "{{z_bucket_w:0.001}}"),
        ] {
            let trimmed = h(input).view().keep_below(limit);
            assert!(
                trimmed.view().almost_equals(h(expected).view()),
                "{input} </ {limit}: {}",
                trimmed.view().literal()
            );
        }
    }

    #[test]
    fn above() {
        for (input, limit, expected) in [
            (
                EXPONENTIAL,
                0.0,
                "{{count:30.5 sum:120.20840280171308 z_bucket:0.5 z_bucket_w:0.001 buckets:[2 4 8 16]}}",
            ),
            (
                CUSTOM,
                13.0,
                "{{schema:-53 count:5.6 sum:94.9 custom_values:[5 10 15 20] offset:2 buckets:[1.6 3 1]}}",
            ),
            (CUSTOM, 0.0, CUSTOM),
            (
                "{{count:5 z_bucket:5 z_bucket_w:0.1}}",
                0.05,
                "{{count:1.25 sum:0.09375 z_bucket:1.25 z_bucket_w:0.1}}",
            ),
            (CUSTOM, 100.0, "{{schema:-53 count:1 sum:100 custom_values:[5 10 15 20] offset:4 buckets:[1]}}"),
        ] {
            let trimmed = h(input).view().keep_above(limit);
            assert!(
                trimmed.view().almost_equals(h(expected).view()),
                "{input} >/ {limit}: {}",
                trimmed.view().literal()
            );
        }
    }

    #[test]
    fn untouched_histograms_keep_their_sum() {
        assert_eq!(h(CUSTOM).view().keep_above(0.0), h(CUSTOM));
        assert_eq!(h(EXPONENTIAL).view().keep_below(1e9), h(EXPONENTIAL));
    }
}
