//! Buckets with their bounds.

use super::HistogramView;
use super::bounds::exponential_bound;

/// A bucket: its bounds, whether they belong to it, and its observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Whether an observation equal to the lower bound counts here.
    pub lower_inclusive: bool,
    /// Whether an observation equal to the upper bound counts here.
    pub upper_inclusive: bool,
    /// Observations.
    pub count: f64,
}

impl Bucket {
    /// Which bounds belong to the bucket, as the HTTP API numbers it: 0 the upper, 1 the lower, 2 none, 3 both.
    #[must_use]
    pub fn boundary_rule(self) -> u8 {
        match (self.lower_inclusive, self.upper_inclusive) {
            (false, true) => 0,
            (true, false) => 1,
            (false, false) => 2,
            (true, true) => 3,
        }
    }

    /// Whether zero lies in the bucket or on its edge.
    pub(super) fn spans_zero(self) -> bool {
        self.lower <= 0.0 && self.upper >= 0.0
    }

    fn exponential(lower: f64, upper: f64, count: f64) -> Self {
        Self { lower, upper, lower_inclusive: lower < 0.0, upper_inclusive: upper > 0.0, count }
    }
}

impl<'a> HistogramView<'a> {
    /// The stored positive buckets, ascending, with the bounds of the schema.
    pub fn positive_buckets(self) -> impl DoubleEndedIterator<Item = Bucket> + 'a {
        self.positive.iter().map(move |(index, count)| self.positive_bucket(index, count))
    }

    /// The stored negative buckets from zero downwards, with the bounds of the schema.
    pub fn negative_buckets(self) -> impl DoubleEndedIterator<Item = Bucket> + 'a {
        self.negative.iter().map(move |(index, count)| self.negative_bucket(index, count))
    }

    /// The zero bucket, whatever its count.
    #[must_use]
    pub fn zero_bucket(self) -> Bucket {
        Bucket {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            lower_inclusive: true,
            upper_inclusive: true,
            count: self.zero_count,
        }
    }

    /// All stored buckets from the lowest to the highest. The zero bucket is among them if its count is
    /// positive, and buckets that reach into it are cut at its edge.
    pub fn buckets(self) -> impl DoubleEndedIterator<Item = Bucket> + 'a {
        let zero = (self.zero_count > 0.0).then(|| self.zero_bucket());
        let negative = self.negative_buckets().rev().map(move |b| self.cut_at_zero_bucket(b));
        negative.chain(zero).chain(self.positive_buckets().map(move |b| self.cut_at_zero_bucket(b)))
    }

    /// The buckets with observations from the lowest to the highest: those that the HTTP API shows.
    pub fn populated_buckets(self) -> impl DoubleEndedIterator<Item = Bucket> + 'a {
        self.buckets().filter(|b| b.count != 0.0)
    }

    fn positive_bucket(self, index: i32, count: f64) -> Bucket {
        if self.schema.is_custom() {
            let (lower, upper) = (self.custom_bound(index - 1), self.custom_bound(index));
            return Bucket { lower, upper, lower_inclusive: index == 0, upper_inclusive: true, count };
        }
        let schema = self.schema.get();
        Bucket::exponential(exponential_bound(index - 1, schema), exponential_bound(index, schema), count)
    }

    fn negative_bucket(self, index: i32, count: f64) -> Bucket {
        let schema = self.schema.get();
        Bucket::exponential(-exponential_bound(index, schema), -exponential_bound(index - 1, schema), count)
    }

    fn custom_bound(self, index: i32) -> f64 {
        match usize::try_from(index) {
            Ok(i) => self.custom_bounds.get(i).copied().unwrap_or(f64::INFINITY),
            Err(_) => f64::NEG_INFINITY,
        }
    }

    fn cut_at_zero_bucket(self, mut bucket: Bucket) -> Bucket {
        if bucket.upper < 0.0 && bucket.upper > -self.zero_threshold {
            bucket.upper = -self.zero_threshold;
        } else if bucket.lower > 0.0 && bucket.lower < self.zero_threshold {
            bucket.lower = self.zero_threshold;
        }
        bucket
    }
}

#[cfg(test)]
mod tests {
    use crate::histogram::testing::h;

    #[test]
    fn bounds_and_rules_of_each_kind() {
        let both = h("{{schema:0 z_bucket:1 z_bucket_w:0.75 count:5 offset:-1 buckets:[1 1] n_buckets:[2]}}");
        let seen: Vec<_> =
            both.view().buckets().map(|b| (b.boundary_rule(), b.lower, b.upper, b.count)).collect();
        assert_eq!(
            seen,
            [(1, -1.0, -0.75, 2.0), (3, -0.75, 0.75, 1.0), (0, 0.75, 0.5, 1.0), (0, 0.75, 1.0, 1.0)]
        );

        let custom = h("{{schema:-53 count:4 custom_values:[5 10] buckets:[1 2 1]}}");
        let seen: Vec<_> = custom.view().buckets().map(|b| (b.boundary_rule(), b.lower, b.upper)).collect();
        assert_eq!(seen, [(3, f64::NEG_INFINITY, 5.0), (0, 5.0, 10.0), (0, 10.0, f64::INFINITY)]);
        let mut down: Vec<_> =
            custom.view().buckets().rev().map(|b| (b.boundary_rule(), b.lower, b.upper)).collect();
        down.reverse();
        assert_eq!(down, seen);
    }
}
