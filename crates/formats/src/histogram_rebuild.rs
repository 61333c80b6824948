//! Native histograms from the forms that show buckets without their layout.
//!
//! Neither the API's JSON nor promtool's dump tells schema, zero threshold or empty buckets. Bounds that are
//! powers of a common base are taken for exponential buckets, all others for custom ones. What cannot be known:
//! the zero threshold where the zero bucket is empty (then 2^-128, the default of the client libraries), custom
//! bounds between empty buckets, and the counter-reset hint.

use promqlite_model::histogram::{FloatHistogram, HistogramParts, Schema, Span};

/// Which ends of a bucket belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boundaries {
    /// `(lower, upper]`
    OpenLeft,
    /// `[lower, upper)`
    OpenRight,
    /// `(lower, upper)`
    OpenBoth,
    /// `[lower, upper]`
    ClosedBoth,
}

/// A bucket as it was printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShownBucket {
    /// Which ends belong to it.
    pub(crate) boundaries: Boundaries,
    /// Lower bound.
    pub(crate) lower: f64,
    /// Upper bound.
    pub(crate) upper: f64,
    /// Observations.
    pub(crate) count: f64,
}

/// The zero threshold of the client libraries: 2^-128.
const DEFAULT_ZERO_THRESHOLD: f64 = 2.938_735_877_055_719e-39;

/// The histogram that prints like this.
pub(crate) fn rebuild(count: f64, sum: f64, shown: &[ShownBucket]) -> Result<FloatHistogram, String> {
    for bucket in shown {
        if bucket.lower.is_nan() || bucket.upper.is_nan() || bucket.lower > bucket.upper {
            return Err(format!("a bucket from {} to {}", bucket.lower, bucket.upper));
        }
    }
    let parts = match exponential(shown) {
        Some(parts) => parts,
        None => custom(shown)?,
    };
    FloatHistogram::from_parts(HistogramParts { count, sum, ..parts }).map_err(|e| e.to_string())
}

/// A bucket of one sign by its distance from zero.
#[derive(Clone, Copy)]
struct Ring {
    inner: f64,
    outer: f64,
    count: f64,
}

fn exponential(shown: &[ShownBucket]) -> Option<HistogramParts> {
    let mut zero = None;
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    for b in shown {
        match b.boundaries {
            Boundaries::ClosedBoth if b.lower == -b.upper && b.upper.is_finite() && zero.is_none() => {
                zero = Some((b.upper, b.count));
            }
            Boundaries::OpenLeft if b.lower > 0.0 => {
                positive.push(Ring { inner: b.lower, outer: b.upper, count: b.count });
            }
            Boundaries::OpenRight if b.upper < 0.0 => {
                negative.push(Ring { inner: -b.upper, outer: -b.lower, count: b.count });
            }
            _ => return None,
        }
    }
    let threshold = zero.map(|(threshold, _)| threshold);
    let rings = || positive.iter().chain(&negative);
    let schemas = if rings().next().is_none() { 0..=0 } else { -4..=8 };
    let schema =
        schemas.into_iter().find(|&schema| rings().all(|r| index_of(r, schema, threshold).is_some()))?;
    let side = |rings: &[Ring]| {
        let indexed = rings.iter().map(|r| Some((index_of(r, schema, threshold)?, r.count)));
        spans_of(indexed.collect::<Option<Vec<_>>>()?)
    };
    let (positive_spans, positive_counts) = side(&positive)?;
    let (negative_spans, negative_counts) = side(&negative)?;
    let (zero_threshold, zero_count) = zero.unwrap_or((DEFAULT_ZERO_THRESHOLD, 0.0));
    Some(HistogramParts {
        schema,
        zero_threshold,
        zero_count,
        positive_spans,
        positive_counts,
        negative_spans,
        negative_counts,
        ..HistogramParts::default()
    })
}

/// The index of a bucket in a schema, if its bounds are bounds there. The inner bound may be cut by the zero
/// bucket.
fn index_of(ring: &Ring, schema: i32, threshold: Option<f64>) -> Option<i32> {
    let buckets_per_doubling = f64::from(schema).exp2();
    let index = if ring.outer.is_infinite() {
        1024.0 * buckets_per_doubling + 1.0
    } else {
        (ring.outer.log2() * buckets_per_doubling).round()
    };
    if (1..1 << 20).contains(&(index.abs() as i64 + 1))
        && is_near(ring.outer, bound(index, buckets_per_doubling))
    {
        let inner = bound(index - 1.0, buckets_per_doubling);
        let cut = threshold.is_some_and(|zero| is_near(ring.inner, zero) && inner < zero);
        return (cut || is_near(ring.inner, inner)).then_some(index as i32);
    }
    None
}

fn bound(index: f64, buckets_per_doubling: f64) -> f64 {
    let exponent = index / buckets_per_doubling;
    if exponent == 1024.0 { f64::MAX } else { exponent.exp2() }
}

fn is_near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * b.abs()
}

/// Spans and counts of buckets by index; `None` if an index is there twice.
fn spans_of(mut buckets: Vec<(i32, f64)>) -> Option<(Vec<Span>, Vec<f64>)> {
    buckets.sort_unstable_by_key(|&(index, _)| index);
    let mut spans: Vec<Span> = Vec::new();
    let mut next = None;
    for &(index, _) in &buckets {
        match (next, spans.last_mut()) {
            (Some(next), _) if index < next => return None,
            (Some(next), Some(span)) if index == next => span.length += 1,
            _ => spans.push(Span { offset: index - next.unwrap_or(0), length: 1 }),
        }
        next = Some(index + 1);
    }
    Some((spans, buckets.into_iter().map(|(_, count)| count).collect()))
}

fn custom(shown: &[ShownBucket]) -> Result<HistogramParts, String> {
    let mut sorted = shown.to_vec();
    sorted.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    let mut bounds: Vec<f64> = Vec::new();
    let mut buckets = Vec::with_capacity(sorted.len());
    for b in &sorted {
        let lowest = b.lower == f64::NEG_INFINITY;
        let fits = match bounds.last() {
            None => true,
            Some(&last) => !lowest && b.lower >= last,
        };
        if !fits || b.boundaries == Boundaries::OpenRight || b.boundaries == Boundaries::OpenBoth {
            return Err(format!("the bucket from {} to {} fits no layout", b.lower, b.upper));
        }
        if !lowest && bounds.last() != Some(&b.lower) {
            bounds.push(b.lower);
        }
        let index = i32::try_from(bounds.len()).map_err(|_| "too many buckets".to_owned())?;
        buckets.push((index, b.count));
        if b.upper < f64::INFINITY {
            bounds.push(b.upper);
        }
    }
    if bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err("buckets whose bounds do not ascend".to_owned());
    }
    let (positive_spans, positive_counts) =
        spans_of(buckets).ok_or_else(|| "buckets that overlap".to_owned())?;
    Ok(HistogramParts {
        schema: Schema::CUSTOM.get(),
        positive_spans,
        positive_counts,
        custom_bounds: bounds,
        ..HistogramParts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(boundaries: Boundaries, lower: f64, upper: f64, count: f64) -> ShownBucket {
        ShownBucket { boundaries, lower, upper, count }
    }

    #[test]
    fn exponential_buckets_are_recognised() {
        let h = rebuild(
            7.0,
            18.4,
            &[
                shown(Boundaries::OpenRight, -2.0, -1.0, 1.0),
                shown(Boundaries::ClosedBoth, -0.001, 0.001, 2.0),
                shown(Boundaries::OpenLeft, 1.0, 2.0, 2.0),
                shown(Boundaries::OpenLeft, 4.0, 8.0, 2.0),
            ],
        )
        .unwrap();
        assert_eq!(
            (h.view().schema().get(), h.view().zero_threshold(), h.view().zero_count()),
            (0, 0.001, 2.0)
        );
        assert_eq!(h.view().positive_spans(), [Span { offset: 1, length: 1 }, Span { offset: 1, length: 1 }]);
        assert_eq!(h.view().positive_counts(), [2.0, 2.0]);
        assert_eq!(h.view().negative_spans(), [Span { offset: 1, length: 1 }]);
    }

    #[test]
    fn every_schema_and_both_ends() {
        for schema in -4..=8 {
            let per_doubling = f64::from(schema).exp2();
            for index in [-30, 0, 1, 57] {
                let (lower, upper) =
                    (bound(f64::from(index) - 1.0, per_doubling), bound(f64::from(index), per_doubling));
                if lower < 1e-300 || upper > 1e300 {
                    continue;
                }
                let h = rebuild(1.0, 1.0, &[shown(Boundaries::OpenLeft, lower, upper, 1.0)]).unwrap();
                assert_eq!(h.view().schema().get(), schema);
                assert_eq!(h.view().positive_spans(), [Span { offset: index, length: 1 }]);
            }
            let top = [
                shown(Boundaries::OpenLeft, bound(2.0 - 1.0, per_doubling), bound(2.0, per_doubling), 1.0),
                shown(Boundaries::OpenLeft, f64::MAX, f64::INFINITY, 1.0),
            ];
            assert_eq!(rebuild(2.0, 1.0, &top).unwrap().view().schema().get(), schema);
        }
    }

    #[test]
    fn a_bound_cut_by_the_zero_bucket() {
        let h = rebuild(
            2.0,
            1.0,
            &[
                shown(Boundaries::ClosedBoth, -1.5, 1.5, 1.0),
                shown(Boundaries::OpenLeft, 1.5, 2.0, 1.0),
                shown(Boundaries::OpenLeft, 2.0, 4.0, 1.0),
            ],
        )
        .unwrap();
        assert_eq!((h.view().schema().get(), h.view().zero_threshold()), (0, 1.5));
        assert_eq!(h.view().positive_spans(), [Span { offset: 1, length: 2 }]);
    }

    #[test]
    fn everything_else_has_custom_bounds() {
        let h = rebuild(
            6.0,
            1.0,
            &[
                shown(Boundaries::ClosedBoth, f64::NEG_INFINITY, 5.0, 1.0),
                shown(Boundaries::OpenLeft, 7.0, 10.0, 2.0),
                shown(Boundaries::OpenLeft, 10.0, f64::INFINITY, 3.0),
            ],
        )
        .unwrap();
        assert_eq!((h.view().schema().get(), h.view().custom_bounds()), (-53, &[5.0, 7.0, 10.0][..]));
        assert_eq!(h.view().positive_spans(), [Span { offset: 0, length: 1 }, Span { offset: 1, length: 2 }]);
        assert_eq!(h.view().positive_counts(), [1.0, 2.0, 3.0]);
        assert_eq!(rebuild(0.0, 0.0, &[]).unwrap().view().schema().get(), 0);
    }

    #[test]
    fn impossible_buckets_are_errors() {
        for buckets in [
            vec![shown(Boundaries::OpenLeft, 2.0, 1.0, 1.0)],
            vec![shown(Boundaries::OpenLeft, f64::NAN, 1.0, 1.0)],
            vec![shown(Boundaries::OpenLeft, 0.0, 3.0, 1.0), shown(Boundaries::OpenLeft, 1.0, 5.0, 1.0)],
            vec![shown(Boundaries::OpenRight, 3.0, 7.0, 1.0)],
            vec![shown(Boundaries::OpenLeft, 1.0, 1.0, 1.0)],
            vec![shown(Boundaries::OpenLeft, f64::INFINITY, f64::INFINITY, 1.0)],
        ] {
            assert!(rebuild(1.0, 1.0, &buckets).is_err(), "{buckets:?}");
        }
    }
}
