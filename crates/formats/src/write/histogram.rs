//! Native histograms in results.

use std::fmt::Write as _;

use promqlite_model::float_g;
use promqlite_model::histogram::{HistogramView, Span};

/// A bucket as the API shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ApiBucket {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Whether the lower bound belongs to the bucket.
    pub lower_inclusive: bool,
    /// Whether the upper bound belongs to the bucket.
    pub upper_inclusive: bool,
    /// Observations.
    pub count: f64,
}

/// The API's number for the ends that belong to a bucket: 0 for `(]`, 1 for `[)`, 2 for `()`, 3 for `[]`.
pub(super) fn boundary_rule(bucket: &ApiBucket) -> u8 {
    match (bucket.lower_inclusive, bucket.upper_inclusive) {
        (false, true) => 0,
        (true, false) => 1,
        (false, false) => 2,
        (true, true) => 3,
    }
}

/// The buckets that hold anything, in ascending order; bounds that lie inside the zero bucket are cut at its
/// edge.
#[must_use]
pub fn api_buckets(h: HistogramView<'_>) -> Vec<ApiBucket> {
    let mut buckets = shown_buckets(h);
    let zero = h.zero_threshold();
    for b in &mut buckets {
        if b.lower > 0.0 && b.lower < zero {
            b.lower = zero;
        }
        if b.upper < 0.0 && b.upper > -zero {
            b.upper = -zero;
        }
    }
    buckets
}

/// A histogram as text: `{count:3, sum:4, [-2,-1):1, [-0.001,0.001]:1, (1,2]:1}`; empty buckets are left out.
#[must_use]
pub fn histogram_text(h: HistogramView<'_>) -> String {
    let mut text = format!("{{count:{}, sum:{}", float_g(h.count()), float_g(h.sum()));
    for b in shown_buckets(h) {
        let (open, close) =
            (if b.lower_inclusive { '[' } else { '(' }, if b.upper_inclusive { ']' } else { ')' });
        let (lower, upper, count) = (float_g(b.lower), float_g(b.upper), float_g(b.count));
        write!(text, ", {open}{lower},{upper}{close}:{count}").expect("writing to a string");
    }
    text.push('}');
    text
}

/// Negative buckets from the lowest, the zero bucket, positive buckets; none that is empty.
fn shown_buckets(h: HistogramView<'_>) -> Vec<ApiBucket> {
    let custom = h.schema().is_custom();
    let mut buckets = Vec::new();
    for (index, count) in indexed(h.negative_spans(), h.negative_counts()) {
        let (lower, upper) = (-bound(h.schema().get(), index), -bound(h.schema().get(), index - 1));
        buckets.push(ApiBucket { lower, upper, lower_inclusive: true, upper_inclusive: false, count });
    }
    buckets.reverse();
    if h.zero_count() != 0.0 {
        let (lower, upper) = (-h.zero_threshold(), h.zero_threshold());
        buckets.push(ApiBucket {
            lower,
            upper,
            lower_inclusive: true,
            upper_inclusive: true,
            count: h.zero_count(),
        });
    }
    for (index, count) in indexed(h.positive_spans(), h.positive_counts()) {
        let at = |index: i32| match custom {
            true if index < 0 => f64::NEG_INFINITY,
            true => h.custom_bounds().get(index as usize).copied().unwrap_or(f64::INFINITY),
            false => bound(h.schema().get(), index),
        };
        let (lower, upper) = (at(index - 1), at(index));
        let lower_inclusive = custom && index == 0;
        buckets.push(ApiBucket { lower, upper, lower_inclusive, upper_inclusive: true, count });
    }
    buckets.retain(|b| b.count != 0.0);
    buckets
}

/// Index and count of each bucket of one side.
fn indexed<'a>(spans: &'a [Span], counts: &'a [f64]) -> impl Iterator<Item = (i32, f64)> + 'a {
    let mut next = 0i32;
    let indices = spans.iter().flat_map(move |span| {
        let start = next.saturating_add(span.offset);
        next = start.saturating_add_unsigned(span.length);
        start..next
    });
    indices.zip(counts.iter().copied())
}

/// By how much a bound grows from one bucket to the next in schemas 1 to 8, as Prometheus' own tables have it.
const GROWTH: [f64; 8] = [
    1.414_213_562_373_095,
    1.189_207_115_002_721,
    1.090_507_732_665_257_7,
    1.044_273_782_427_413_8,
    1.021_897_148_654_116_6,
    1.010_889_286_051_700_5,
    1.005_429_901_111_802_7,
    1.002_711_275_050_202_5,
];

/// The upper bound of an exponential bucket, to the bit: the last finite bucket ends at the largest float, and
/// the one behind it at infinity.
fn bound(schema: i32, index: i32) -> f64 {
    let index = i64::from(index);
    let (fraction, exponent) = if schema <= 0 {
        (0.5, (index << -schema) + 1)
    } else {
        let per_doubling = 1i64 << schema;
        (fraction(schema, index.rem_euclid(per_doubling)), index.div_euclid(per_doubling) + 1)
    };
    if fraction == 0.5 && exponent == 1025 {
        return f64::MAX;
    }
    // In two steps, since 2^exponent alone may be out of range where the product is not.
    let half = exponent.clamp(-4000, 4000) / 2;
    let rest = exponent.clamp(-4000, 4000) - half;
    fraction * (half as f64).exp2() * (rest as f64).exp2()
}

/// Bound `k` of a schema within [0.5, 1).
fn fraction(schema: i32, k: i64) -> f64 {
    match (schema, k) {
        (_, 0) => 0.5,
        (_, k) if k % 2 == 0 => fraction(schema - 1, k / 2),
        (_, k) => fraction(schema, k - 1) * GROWTH[schema as usize - 1],
    }
}
