//! Sums and averages of many histograms that lose nothing to rounding: `sum`, `avg`, `sum_over_time`,
//! `avg_over_time`.

use super::cells::Cells;
use super::numeric::{Cell, Kahan};
use super::side::Side;
use super::{Combined, CounterResetHint, FloatHistogram, HistogramView, MixedSchemas};

/// Which contradictory hints have been seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SeenHints {
    reset: bool,
    not_reset: bool,
}

impl SeenHints {
    pub(super) fn note(&mut self, hint: CounterResetHint) {
        self.reset |= hint == CounterResetHint::Reset;
        self.not_reset |= hint == CounterResetHint::NotReset;
    }
}

/// A compensated sum of histograms.
#[derive(Clone, Debug)]
pub struct HistogramSum {
    pub(super) cells: Cells<Kahan>,
    pub(super) hints: SeenHints,
}

impl HistogramSum {
    /// Starts with the first histogram.
    #[must_use]
    pub fn new(first: HistogramView<'_>) -> Self {
        let mut hints = SeenHints::default();
        hints.note(first.hint);
        Self { cells: first.to_owned().0.map(Kahan::new), hints }
    }

    /// Adds a histogram. On an error the sum has not changed.
    pub fn add(&mut self, histogram: HistogramView<'_>) -> Result<Combined, MixedSchemas> {
        let seen = self.cells.combine(histogram, 1.0)?;
        self.hints.note(histogram.hint);
        Ok(seen)
    }

    /// Adds all histograms of another sum, with what that lost in rounding. On an error the sum has not changed.
    pub fn merge(&mut self, other: &Self) -> Result<Combined, MixedSchemas> {
        let seen = self.cells.combine(FloatHistogram(other.cells.map(|cell| cell.sum)).view(), 1.0)?;
        self.cells.combine(FloatHistogram(other.cells.map(|cell| cell.lost)).view(), 1.0)?;
        self.hints.reset |= other.hints.reset;
        self.hints.not_reset |= other.hints.not_reset;
        Ok(seen)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let side = |side: &Side<Kahan>| size_of_val(&*side.spans) + size_of_val(&*side.counts);
        side(&self.cells.positive) + side(&self.cells.negative) + size_of_val(&*self.cells.custom_bounds)
    }

    /// Whether some histograms said that the counter was reset and others that it was not (warning
    /// "conflicting counter resets during histogram aggregation").
    #[must_use]
    pub fn hints_conflict(&self) -> bool {
        self.hints.reset && self.hints.not_reset
    }

    /// The sum, not compacted.
    #[must_use]
    pub fn finish(&self) -> FloatHistogram {
        FloatHistogram(self.cells.map(Kahan::value))
    }
}

/// A compensated average of histograms. It is a sum divided at the end as long as nothing overflows, and from
/// then on a running mean.
#[derive(Clone, Debug)]
pub struct HistogramAvg {
    sum: HistogramSum,
    n: f64,
    incremental: bool,
}

impl HistogramAvg {
    /// Starts with the first histogram.
    #[must_use]
    pub fn new(first: HistogramView<'_>) -> Self {
        Self { sum: HistogramSum::new(first), n: 1.0, incremental: false }
    }

    /// Adds a histogram. On an error the average has not changed.
    pub fn add(&mut self, histogram: HistogramView<'_>) -> Result<Combined, MixedSchemas> {
        if self.sum.cells.schema.is_custom() != histogram.schema.is_custom() {
            return Err(MixedSchemas);
        }
        self.n += 1.0;
        if !self.incremental {
            if let Some(seen) = self.add_unless_infinite(histogram)? {
                return Ok(seen);
            }
            self.incremental = true;
            let before = self.n - 1.0;
            self.sum.cells.for_each(|cell| cell.divide(before));
        }
        let share = (self.n - 1.0) / self.n;
        self.sum.cells.for_each(|cell| cell.scale(share));
        let mut part = histogram.to_owned();
        part.div(self.n);
        self.sum.add(part.view())
    }

    /// Takes in all histograms of another average. On an error the average has not changed.
    pub fn merge(&mut self, mut other: Self) -> Result<Combined, MixedSchemas> {
        let n = self.n + other.n;
        if !self.incremental && !other.incremental {
            let mut total = self.sum.clone();
            let seen = total.merge(&other.sum)?;
            if !total.cells.numbers().any(|cell| cell.sum.is_infinite()) {
                (self.sum, self.n) = (total, n);
                return Ok(seen);
            }
        }
        if self.sum.cells.schema.is_custom() != other.sum.cells.schema.is_custom() {
            return Err(MixedSchemas);
        }
        for average in [&mut *self, &mut other] {
            // A mean counts by its share; a sum that is none yet becomes one by the same division.
            let weight = if average.incremental { average.n / n } else { 1.0 / n };
            average.sum.cells.for_each(|cell| cell.scale(weight));
        }
        (self.n, self.incremental) = (n, true);
        self.sum.merge(&other.sum)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sum.bytes()
    }

    /// Whether some histograms said that the counter was reset and others that it was not.
    #[must_use]
    pub fn hints_conflict(&self) -> bool {
        self.sum.hints_conflict()
    }

    /// The average, not compacted.
    #[must_use]
    pub fn finish(&self) -> FloatHistogram {
        if self.incremental {
            return self.sum.finish();
        }
        let mean = |cell: Kahan| cell.sum / self.n + cell.lost / self.n;
        FloatHistogram(self.sum.cells.map(mean))
    }

    /// Adds to the sum; `None`, and no change, if one of its numbers would become infinite.
    fn add_unless_infinite(
        &mut self,
        histogram: HistogramView<'_>,
    ) -> Result<Option<Combined>, MixedSchemas> {
        // No sum of numbers is greater than that of their magnitudes, so most often no copy is needed.
        let ours: f64 = self.sum.cells.numbers().map(|cell| cell.sum.abs()).sum();
        if (ours + histogram.magnitude()) < f64::MAX / 4.0 {
            return self.sum.add(histogram).map(Some);
        }
        let before = self.sum.clone();
        let seen = self.sum.add(histogram)?;
        if self.sum.cells.numbers().any(|cell| cell.sum.is_infinite()) {
            self.sum = before;
            return Ok(None);
        }
        Ok(Some(seen))
    }
}

impl HistogramView<'_> {
    fn magnitude(self) -> f64 {
        let buckets = self.positive.counts.iter().chain(self.negative.counts);
        self.count.abs() + self.sum.abs() + self.zero_count.abs() + buckets.map(|c| c.abs()).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::testing::h;

    fn total(literals: &[&str]) -> FloatHistogram {
        let mut sum = HistogramSum::new(h(literals[0]).view());
        literals[1..].iter().for_each(|l| assert!(sum.add(h(l).view()).is_ok()));
        sum.finish()
    }

    fn mean(literals: &[&str]) -> FloatHistogram {
        let mut avg = HistogramAvg::new(h(literals[0]).view());
        literals[1..].iter().for_each(|l| assert!(avg.add(h(l).view()).is_ok()));
        avg.finish()
    }

    #[test]
    fn small_terms_survive() {
        let series = ["{{sum:1}}", "{{sum:1e100}}", "{{sum:1}}", "{{sum:-1e100}}"];
        assert_eq!(total(&series).view().sum(), 2.0);
        assert_eq!(mean(&series).view().sum(), 0.5);
        let buckets = ["{{buckets:[1 1]}}", "{{buckets:[1e100]}}", "{{buckets:[1]}}", "{{buckets:[-1e100]}}"];
        assert_eq!(total(&buckets).view().positive_counts(), [2.0, 1.0]);
    }

    #[test]
    fn averages_do_not_overflow() {
        let series = [
            "{{count:1.7976931348623157e308 sum:1}}",
            "{{count:1e308 sum:1e100}}",
            "{{count:1e-6 sum:1}}",
            "{{count:1e-6 sum:-1e100}}",
        ];
        let avg = mean(&series);
        assert_eq!(avg.view().count(), 6.99423283715579e307);
        assert_eq!(avg.view().sum(), 0.5);
        assert_eq!(total(&series).view().count(), f64::INFINITY);
        assert_eq!(total(&series).view().sum(), 2.0);
    }

    #[test]
    fn sums_follow_schema_zero_bucket_and_bounds() {
        let series = [
            "{{schema:1 count:3 z_bucket:1 z_bucket_w:0.1 offset:-3 buckets:[1 0 1]}}",
            "{{schema:0 count:2 z_bucket:0 z_bucket_w:0.001 offset:-4 buckets:[1 0 0 0 0 1]}}",
        ];
        let mut sum = total(&series);
        sum.compact(0);
        assert_eq!(sum.view().literal(), "{{count:5 z_bucket:2 z_bucket_w:0.1 offset:-1 buckets:[1 1 1]}}");
        let custom = [
            "{{schema:-53 count:1 custom_values:[1 2] buckets:[0 1]}}",
            "{{schema:-53 count:1 custom_values:[2 3] buckets:[0 1]}}",
            "{{schema:-53 count:1 custom_values:[2 4] buckets:[1]}}",
        ];
        assert_eq!(total(&custom).view().literal(), "{{schema:-53 count:3 custom_values:[2] buckets:[2 1]}}");
    }

    #[test]
    fn conflicting_hints_are_remembered() {
        let hinted = |hint| h("{{count:1 buckets:[1]}}").with_hint(hint);
        let mut sum = HistogramSum::new(hinted(CounterResetHint::Reset).view());
        sum.add(hinted(CounterResetHint::Unknown).view()).unwrap();
        assert!(!sum.hints_conflict());
        sum.add(hinted(CounterResetHint::NotReset).view()).unwrap();
        assert!(sum.hints_conflict());
    }

    #[test]
    fn one_histogram_is_its_own_sum_and_average() {
        let only = h("{{count:-0 sum:5 buckets:[0 1]}}");
        assert_eq!(HistogramSum::new(only.view()).finish(), only);
        assert_eq!(HistogramAvg::new(only.view()).finish(), only);
    }

    #[test]
    fn parts_make_the_whole() {
        let series = ["{{sum:1 buckets:[1 1]}}", "{{sum:1e100}}", "{{sum:1 buckets:[1]}}", "{{sum:-1e100}}"];
        let (mut left, mut right) =
            (HistogramSum::new(h(series[0]).view()), HistogramSum::new(h(series[2]).view()));
        left.add(h(series[1]).view()).unwrap();
        right.add(h(series[3]).view()).unwrap();
        left.merge(&right).unwrap();
        assert_eq!(left.finish(), total(&series));

        let huge = ["{{count:1.5e308}}", "{{count:1.5e308}}", "{{count:5e307}}", "{{count:1e307}}"];
        for cut in 1..huge.len() {
            let part = |part: &[&str]| {
                let mut avg = HistogramAvg::new(h(part[0]).view());
                part[1..].iter().for_each(|l| assert!(avg.add(h(l).view()).is_ok()));
                avg
            };
            let mut left = part(&huge[..cut]);
            left.merge(part(&huge[cut..])).unwrap();
            assert!((left.finish().view().count() / 9e307 - 1.0).abs() < 1e-12);
        }
    }
}
