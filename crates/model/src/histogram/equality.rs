//! When two histograms are the same.

use super::side::SideRef;
use super::{FloatHistogram, HistogramView};
use crate::is_stale;

/// Equality as `==` and `changes` have it: count, sum and every bucket bit for bit, so that NaN equals itself;
/// schema, zero threshold, custom bounds and stored buckets as they are. Hints do not matter, and an explicit
/// empty bucket makes a difference.
impl PartialEq for HistogramView<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.same_layout(*other)
            && [self.count, self.sum, self.zero_count]
                .iter()
                .zip([other.count, other.sum, other.zero_count])
                .all(same_bits)
            && same_counts(self.positive, other.positive, |a, b| a.to_bits() == b.to_bits())
            && same_counts(self.negative, other.negative, |a, b| a.to_bits() == b.to_bits())
    }
}

impl Eq for HistogramView<'_> {}

impl PartialEq for FloatHistogram {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for FloatHistogram {}

impl HistogramView<'_> {
    /// Equality as test scripts have it: empty buckets do not matter, and numbers may differ as
    /// [`almost_equal`] allows. Compare hints beside it where the script asks for that.
    #[must_use]
    pub fn almost_equals(self, other: HistogramView<'_>) -> bool {
        let (mut a, mut b) = (self.to_owned(), other.to_owned());
        a.compact(0);
        b.compact(0);
        let (a, b) = (a.view(), b.view());
        a.same_layout(b)
            && almost_equal(a.count, b.count)
            && almost_equal(a.sum, b.sum)
            && almost_equal(a.zero_count, b.zero_count)
            && same_counts(a.positive, b.positive, almost_equal)
            && same_counts(a.negative, b.negative, almost_equal)
    }

    pub(super) fn same_layout(self, other: HistogramView<'_>) -> bool {
        self.schema == other.schema
            && self.zero_threshold == other.zero_threshold
            && self.custom_bounds == other.custom_bounds
            && self.positive.spans == other.positive.spans
            && self.negative.spans == other.negative.spans
    }
}

fn same_bits((a, b): (&f64, f64)) -> bool {
    a.to_bits() == b.to_bits()
}

fn same_counts(a: SideRef<'_>, b: SideRef<'_>, same: impl Fn(f64, f64) -> bool) -> bool {
    a.counts.len() == b.counts.len() && a.counts.iter().zip(b.counts).all(|(&a, &b)| same(a, b))
}

/// Whether test scripts take two floats for the same: equal, both NaN and either both or neither a staleness
/// marker, or apart by less than a millionth of the sum of their magnitudes.
#[must_use]
pub fn almost_equal(a: f64, b: f64) -> bool {
    const TOLERANCE: f64 = 1e-6;
    if is_stale(a) || is_stale(b) {
        return is_stale(a) && is_stale(b);
    }
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::CounterResetHint;
    use crate::histogram::testing::h;
    use crate::{NORMAL_NAN, STALE_NAN};

    #[test]
    fn exact_equality_sees_bits_and_layout_but_no_hints() {
        let base = h("{{count:2 sum:NaN buckets:[1 1]}}");
        assert_eq!(base, base.clone().with_hint(CounterResetHint::Gauge));
        assert_ne!(base, h("{{count:2 sum:NaN buckets:[1 1 0]}}"));
        assert_ne!(base, h("{{count:2 sum:1 buckets:[1 1]}}"));
        assert_ne!(h("{{count:0}}"), h("{{count:-0}}"));
        assert_ne!(h("{{schema:1}}"), h("{{schema:0}}"));
        assert_eq!(h("{{z_bucket_w:0.5}}"), h("{{z_bucket_w:0.5}}"));
    }

    #[test]
    fn scripts_compare_with_tolerance() {
        assert!(
            h("{{count:2 sum:1 buckets:[1 1 0]}}")
                .view()
                .almost_equals(h("{{count:2.000001 sum:1 buckets:[1 1]}}").view())
        );
        assert!(
            !h("{{count:2 sum:1 buckets:[1 1]}}")
                .view()
                .almost_equals(h("{{count:2 sum:1 offset:1 buckets:[1 1]}}").view())
        );
        for (a, b, same) in [
            (1.0, 1.000001, true),
            (1.0, 1.00001, false),
            (0.0, 1e-300, false),
            (f64::INFINITY, f64::INFINITY, true),
            (f64::INFINITY, f64::MAX, false),
            (f64::NAN, NORMAL_NAN, true),
            (STALE_NAN, NORMAL_NAN, false),
            (STALE_NAN, STALE_NAN, true),
        ] {
            assert_eq!(almost_equal(a, b), same, "{a} {b}");
        }
    }
}
