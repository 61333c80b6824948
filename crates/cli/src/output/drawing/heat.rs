//! Histograms as heatmaps.

use std::collections::{BTreeMap, BTreeSet};

use promqlite::functions::buckets::parse_le;
use promqlite::{Series, float_plain};
use promqlite_chart::Heatmap;

use super::lines::title;

/// Rows of a heatmap; finer buckets are added up.
const ROWS: usize = 24;

/// An upper bound that can be sorted: bounds are no NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bound(f64);

impl Eq for Bound {}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Observations by time and upper bound.
type Counts = BTreeMap<i64, BTreeMap<Bound, f64>>;

/// Whether the series are native histograms, or the buckets of a classic one.
pub(super) fn is_histogram(series: &[Series]) -> bool {
    let native = series.iter().any(|one| !one.histograms.is_empty());
    let classic =
        series.len() > 1 && series.iter().all(|one| one.labels.get("le").and_then(parse_le).is_some());
    native && series.iter().all(|one| one.floats.is_empty()) || classic
}

/// The observations of all histograms together; `None` when there is no histogram.
pub(super) fn heatmap(series: &[Series], query: &str) -> Option<Heatmap> {
    let mut counts = Counts::new();
    for one in series {
        for (t, histogram) in &one.histograms {
            let row = counts.entry(t.0).or_default();
            for bucket in histogram.view().buckets() {
                *row.entry(Bound(bucket.upper)).or_default() += bucket.count;
            }
        }
    }
    add_classic(series, &mut counts);
    let bounds: BTreeSet<Bound> = counts.values().flat_map(|row| row.keys().copied()).collect();
    if bounds.is_empty() {
        return None;
    }
    let rows = rows_of(&bounds.into_iter().collect::<Vec<_>>());
    let times: Vec<i64> = counts.keys().copied().collect();
    let mut values = vec![f64::NAN; rows.len() * times.len()];
    for (column, row) in counts.values().enumerate() {
        for (bound, count) in row {
            let at = rows.partition_point(|upper| upper < bound) * times.len() + column;
            values[at] = if values[at].is_nan() { *count } else { values[at] + count };
        }
    }
    let buckets = rows.iter().map(|bound| label(bound.0)).collect();
    Some(Heatmap { title: title(query), times, buckets, values })
}

/// Buckets of one classic histogram at one time: cumulative counts by upper bound.
type Cumulative = BTreeMap<(i64, Vec<(String, String)>), BTreeMap<Bound, f64>>;

/// Takes the cumulative buckets of classic histograms apart.
fn add_classic(series: &[Series], counts: &mut Counts) {
    let mut cumulative = Cumulative::new();
    for one in series {
        let Some(le) = one.labels.get("le").and_then(parse_le).filter(|le| !le.is_nan()) else { continue };
        let rest: Vec<(String, String)> = one
            .labels
            .iter()
            .filter(|(n, _)| *n != "le")
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect();
        for (t, count) in &one.floats {
            cumulative.entry((t.0, rest.clone())).or_default().insert(Bound(le), count);
        }
    }
    for ((t, _), buckets) in cumulative {
        let row = counts.entry(t).or_default();
        let mut below = 0.0;
        for (bound, count) in buckets {
            // Buckets that were scraped at different moments may seem to shrink.
            *row.entry(bound).or_default() += (count - below).max(0.0);
            below = below.max(count);
        }
    }
}

/// The upper bounds of the rows: all, or every so many.
fn rows_of(bounds: &[Bound]) -> Vec<Bound> {
    let each = bounds.len().div_ceil(ROWS);
    // Counted from the top, so that the highest bound ends the last row.
    let mut rows: Vec<Bound> = bounds.iter().rev().step_by(each).copied().collect();
    rows.reverse();
    rows
}

fn label(bound: f64) -> String {
    if bound.is_infinite() || bound == 0.0 {
        return float_plain(bound);
    }
    // Bounds of native histograms have seventeen digits.
    let short: f64 = format!("{bound:.3e}").parse().unwrap_or(bound);
    if (1e-4..1e7).contains(&short.abs()) {
        format!("≤ {}", float_plain(short))
    } else {
        format!("≤ {short:e}")
    }
}

#[cfg(test)]
mod tests {
    use promqlite::{LabelSet, Timestamp};

    use super::*;

    fn classic(le: &str, counts: &[f64]) -> Series {
        Series {
            labels: LabelSet::from_pairs([("job", "a"), ("le", le)]),
            floats: counts.iter().enumerate().map(|(i, c)| (Timestamp(i as i64 * 1000), *c)).collect(),
            histograms: Vec::new(),
        }
    }

    #[test]
    fn classic_buckets_are_taken_apart() {
        let series = [classic("+Inf", &[5.0, 9.0]), classic("0.1", &[1.0, 2.0]), classic("1", &[4.0, 9.0])];
        assert!(is_histogram(&series));
        let heatmap = heatmap(&series, "x").expect("buckets");
        assert_eq!(heatmap.buckets, ["≤ 0.1", "≤ 1", "+Inf"]);
        assert_eq!(heatmap.times, [0, 1000]);
        assert_eq!(heatmap.values, [1.0, 2.0, 3.0, 7.0, 1.0, 0.0]);
    }

    #[test]
    fn fine_buckets_share_rows() {
        let series: Vec<Series> = (1..=50).map(|i| classic(&i.to_string(), &[f64::from(i)])).collect();
        let heatmap = heatmap(&series, "x").expect("buckets");
        assert_eq!(heatmap.buckets.len(), 17);
        assert_eq!(heatmap.buckets.last().map(String::as_str), Some("≤ 50"));
        assert_eq!(heatmap.values.iter().sum::<f64>(), 50.0);
    }

    #[test]
    fn other_series_are_no_histogram() {
        let mut series = [classic("1", &[1.0]), classic("x", &[1.0])];
        assert!(!is_histogram(&series));
        series[0].floats = promqlite::Floats::new();
        assert!(super::heatmap(&series[..1], "x").is_none());
    }
}
