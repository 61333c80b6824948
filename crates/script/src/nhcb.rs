//! `load_with_nhcb`: classic histograms turned into native ones with custom buckets.

use std::collections::BTreeMap;

use promqlite::histogram::{FloatHistogram, from_classic};
use promqlite::{LabelSet, is_stale};

use crate::error::LoadError;
use crate::script::Load;
use crate::values::ItemValue;

/// A derived series: number k of its values is the sample at k intervals.
pub(crate) struct DerivedSeries {
    pub(crate) labels: LabelSet,
    pub(crate) values: BTreeMap<usize, FloatHistogram>,
}

/// What a classic histogram says at one instant.
#[derive(Default)]
struct Snapshot {
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: Option<f64>,
}

/// The part that a series plays in a classic histogram.
#[derive(Clone, Copy)]
enum Part {
    Bucket(f64),
    Count,
    Sum,
}

/// The histograms with custom buckets that the float series of a load make.
#[allow(clippy::mutable_key_type, reason = "symbols only grow, and label sets compare their strings")]
pub(crate) fn derive(load: &Load) -> Result<Vec<DerivedSeries>, LoadError> {
    let mut groups: BTreeMap<LabelSet, BTreeMap<usize, Snapshot>> = BTreeMap::new();
    for series in &load.series {
        let Some((base, part)) = member(&series.labels, load.line)? else { continue };
        for (k, value) in series.values.iter().enumerate() {
            let ItemValue::Float(v) = *value else { continue };
            if is_stale(v) {
                let t_ms = load.interval.0.saturating_mul(k as i64);
                return Err(LoadError::StaleClassic { line: load.line, series: base.to_string(), t_ms });
            }
            let snapshot = groups.entry(base.clone()).or_default().entry(k).or_default();
            match part {
                Part::Bucket(bound) => snapshot.buckets.push((bound, v)),
                Part::Count => snapshot.count = Some(v),
                Part::Sum => snapshot.sum = Some(v),
            }
        }
    }
    groups.into_iter().map(|(labels, snapshots)| convert(labels, snapshots, load)).collect()
}

fn convert(
    labels: LabelSet,
    snapshots: BTreeMap<usize, Snapshot>,
    load: &Load,
) -> Result<DerivedSeries, LoadError> {
    let mut values = BTreeMap::new();
    for (k, snapshot) in snapshots {
        let histogram = from_classic(&snapshot.buckets, snapshot.count, snapshot.sum).map_err(|source| {
            let t_ms = load.interval.0.saturating_mul(k as i64);
            LoadError::Classic { line: load.line, series: labels.to_string(), t_ms, source }
        })?;
        values.insert(k, histogram);
    }
    Ok(DerivedSeries { labels, values })
}

/// The series that `labels` belongs to, and as what; `None` for other series, and for buckets without a sound bound.
fn member(labels: &LabelSet, line: usize) -> Result<Option<(LabelSet, Part)>, LoadError> {
    let name = labels.metric_name();
    let bounded = |suffix| name.strip_suffix(suffix).filter(|base: &&str| !base.is_empty());
    let (base, part) = if let Some(base) = bounded("_bucket") {
        let Some(le) = labels.get("le") else {
            return Err(LoadError::NoBound { line, series: labels.to_string() });
        };
        match le.parse::<f64>() {
            Ok(bound) if !bound.is_nan() => (base, Part::Bucket(bound)),
            _ => return Ok(None),
        }
    } else if let Some(base) = bounded("_count") {
        (base, Part::Count)
    } else if let Some(base) = bounded("_sum") {
        (base, Part::Sum)
    } else {
        return Ok(None);
    };
    let kept = labels.iter().filter(|(name, _)| *name != "le" && *name != "__name__");
    Ok(Some((LabelSet::from_pairs(kept.chain([("__name__", base)])), part)))
}
