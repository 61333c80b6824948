//! Data points as histograms.

use promqlite_model::histogram::{FloatHistogram, HistogramParts, Span, from_classic};

use crate::json::number::Number;
use crate::otlp::model::{Buckets, ExponentialPoint, HistogramPoint, Unsigned};

/// A histogram with explicit bounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Explicit {
    pub(super) count: f64,
    /// `None` where the point has none, as with negative observations.
    pub(super) sum: Option<f64>,
    /// Upper bounds, ascending and finite; the last bucket has none.
    pub(super) bounds: Vec<f64>,
    /// Observations per bucket, not cumulative: one more than bounds.
    pub(super) counts: Vec<f64>,
}

impl Explicit {
    pub(super) fn new(point: &HistogramPoint) -> Result<Self, String> {
        let bounds: Vec<f64> = point.explicit_bounds.0.iter().map(|bound| bound.0).collect();
        let mut counts: Vec<f64> = point.bucket_counts.0.iter().map(|count| count.0 as f64).collect();
        let count = point.count.0 as f64;
        if counts.is_empty() && bounds.is_empty() {
            counts.push(count);
        }
        if counts.len() != bounds.len() + 1 {
            return Err(format!("{} bucket counts for {} bounds", counts.len(), bounds.len()));
        }
        let ascend = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascend || !bounds.iter().all(|bound| bound.is_finite()) {
            return Err("bounds that do not ascend".to_owned());
        }
        Ok(Self { count, sum: point.sum.map(|sum| sum.0), bounds, counts })
    }

    /// Upper bounds and cumulative counts, without `+Inf`, whose count is that of all.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let mut total = 0.0;
        self.bounds.iter().zip(&self.counts).map(move |(&bound, &count)| {
            total += count;
            (bound, total)
        })
    }

    /// The native histogram with the same bounds.
    pub(super) fn native(&self) -> Result<FloatHistogram, String> {
        let buckets: Vec<(f64, f64)> = self.cumulative().chain([(f64::INFINITY, self.count)]).collect();
        from_classic(&buckets, Some(self.count), self.sum).map_err(|e| e.to_string())
    }

    /// Adds what was counted later; false if it has other bounds.
    pub(super) fn add(&mut self, later: &Self) -> bool {
        if self.bounds != later.bounds {
            return false;
        }
        self.count += later.count;
        self.sum = self.sum.zip(later.sum).map(|(a, b)| a + b);
        self.counts.iter_mut().zip(&later.counts).for_each(|(total, count)| *total += count);
        true
    }
}

/// The finest schema of native histograms.
const MAX_SCHEMA: i64 = 8;

/// The coarsest schema of native histograms.
const MIN_SCHEMA: i64 = -4;

/// The zero threshold where a point has none: that of Prometheus' OTLP endpoint.
const ZERO_THRESHOLD: f64 = 1e-128;

/// The native histogram of an exponential one. Buckets finer than a native histogram has are merged.
pub(super) fn exponential(point: &ExponentialPoint) -> Result<FloatHistogram, String> {
    let scale = point.scale.0;
    if scale < MIN_SCHEMA {
        return Err(format!(
            "the scale {scale}, which is below {MIN_SCHEMA}: native histograms have no such buckets"
        ));
    }
    let merged = u32::try_from((scale - MAX_SCHEMA).clamp(0, 40)).expect("invariant: a small number");
    let schema = scale.min(MAX_SCHEMA);
    let side = |buckets: &Option<Buckets>| {
        buckets.as_ref().map_or(Ok(Default::default()), |b| spans(b, merged, schema))
    };
    let (positive_spans, positive_counts) = side(&point.positive)?;
    let (negative_spans, negative_counts) = side(&point.negative)?;
    let zero_threshold = point.zero_threshold.map_or(0.0, |Number(threshold)| threshold);
    let histogram = FloatHistogram::from_parts(HistogramParts {
        schema: i32::try_from(schema).expect("invariant: a schema is small"),
        zero_threshold: if zero_threshold > 0.0 { zero_threshold } else { ZERO_THRESHOLD },
        zero_count: point.zero_count.0 as f64,
        count: point.count.0 as f64,
        sum: point.sum.map_or(0.0, |sum| sum.0),
        positive_spans,
        positive_counts,
        negative_spans,
        negative_counts,
        ..HistogramParts::default()
    });
    histogram.map_err(|e| e.to_string())
}

/// Buckets that are not empty, as spans; `merged` is the binary logarithm of how many become one.
fn spans(buckets: &Buckets, merged: u32, schema: i64) -> Result<(Vec<Span>, Vec<f64>), String> {
    // Beyond this no float has a bucket.
    let limit = 1100i64 << schema.max(0);
    let (mut spans, mut counts): (Vec<Span>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut last: Option<i64> = None;
    for (i, &Unsigned(count)) in buckets.bucket_counts.0.iter().enumerate() {
        if count == 0 {
            continue;
        }
        // A native bucket is named by its upper bound, an exponential one by its lower.
        let offset = buckets.offset.0.checked_add(i as i64).ok_or("a bucket beyond all floats")?;
        let index = (offset >> merged) + 1;
        if index.abs() > limit {
            return Err("a bucket beyond all floats".to_owned());
        }
        match (last, spans.last_mut(), counts.last_mut()) {
            (Some(last), _, Some(total)) if last == index => {
                *total += count as f64;
                continue;
            }
            (Some(last), Some(span), _) if last + 1 == index => span.length += 1,
            _ => {
                let offset = index - last.map_or(0, |last| last + 1);
                spans.push(Span { offset: i32::try_from(offset).map_err(|e| e.to_string())?, length: 1 });
            }
        }
        counts.push(count as f64);
        last = Some(index);
    }
    Ok((spans, counts))
}
