//! How often the data was scraped, worked out from the distances of its samples.

use std::collections::BTreeMap;

use promqlite::storage::{SelectRequest, StorageError};
use promqlite::{MatchOp, Matcher, Millis, SampleBuf, Storage, TimeRange, Timestamp};

/// Metrics that are looked at where nothing is named `up`.
const METRICS: usize = 32;
/// Series that are looked at in a metric.
const SERIES: usize = 64;
/// How much of the newest data is looked at first, ms.
const RECENT_MS: i64 = 3_600_000;

/// The usual distance of two samples of a series; `None` if no series has two. It is the distance that most of the
/// series have, taking the median of each.
pub(crate) fn scrape_interval(storage: &dyn Storage) -> Result<Option<Millis>, StorageError> {
    let Some(all) = storage.time_range() else { return Ok(None) };
    let recent = TimeRange { start: Timestamp(all.end.0.saturating_sub(RECENT_MS)), end: all.end };
    for range in [recent, all] {
        let found = interval_of(storage, "up", range)?;
        if found.is_some() {
            return Ok(found);
        }
        let names = storage.label_values("__name__", &[], range)?;
        let stride = names.len().div_ceil(METRICS).max(1);
        let mut votes = BTreeMap::new();
        for name in names.iter().step_by(stride) {
            if let Some(interval) = interval_of(storage, name, range)? {
                *votes.entry(interval.0).or_insert(0) += 1;
            }
        }
        if let Some(interval) = winner(&votes) {
            return Ok(Some(interval));
        }
    }
    Ok(None)
}

/// The distance that most of a metric's series have.
fn interval_of(
    storage: &dyn Storage,
    metric: &str,
    range: TimeRange,
) -> Result<Option<Millis>, StorageError> {
    let matchers = [Matcher::new("__name__", MatchOp::Equal, metric)
        .expect("invariant: only regular expressions can be wrong")];
    let selection = storage.select(&SelectRequest::new(&matchers, range))?;
    let stride = selection.len().div_ceil(SERIES).max(1);
    let mut buffer = SampleBuf::default();
    let mut votes = BTreeMap::new();
    for i in (0..selection.len()).step_by(stride) {
        let times = selection.samples(i, range, &mut buffer)?.times;
        if let Some(distance) = median_distance(times) {
            *votes.entry(rounded(distance)).or_insert(0) += 1;
        }
    }
    Ok(winner(&votes))
}

/// The median distance of neighbours.
fn median_distance(times: &[i64]) -> Option<i64> {
    let mut distances: Vec<i64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied()
}

/// Scrapes come a little early or late: distances of a second and more are told in whole seconds.
fn rounded(ms: i64) -> i64 {
    if ms < 950 { ms } else { (ms.saturating_add(500)) / 1000 * 1000 }
}

/// The distance with the most votes, the shortest of several.
fn winner(votes: &BTreeMap<i64, u32>) -> Option<Millis> {
    votes.iter().max_by_key(|&(ms, count)| (count, std::cmp::Reverse(ms))).map(|(&ms, _)| Millis(ms))
}

#[cfg(test)]
mod tests {
    use promqlite::MemStore;

    use super::*;

    fn store(series: &[(&str, &[i64])]) -> MemStore {
        let store = MemStore::new();
        for (i, (name, times)) in series.iter().enumerate() {
            let id = store.series_of([("__name__", *name), ("i", &i.to_string())]);
            for &t in *times {
                store.append(id, t, 1.0);
            }
        }
        store
    }

    #[test]
    fn the_usual_distance_wins() {
        for (series, want) in [
            (&[][..], None),
            (&[("a", &[5][..])], None),
            (&[("a", &[0, 15_003, 29_998, 45_000, 150_000])], Some(15_000)),
            (&[("a", &[0, 250, 500])], Some(250)),
            (&[("up", &[0, 60_000, 120_000]), ("a", &[0, 15_000]), ("b", &[0, 15_000])], Some(60_000)),
            (&[("a", &[0, 60_000]), ("b", &[0, 15_000]), ("c", &[0, 15_000])], Some(15_000)),
            // Nothing recent has two samples.
            (&[("a", &[0, 30_000, 60_000, 9_000_000])], Some(30_000)),
        ] {
            assert_eq!(scrape_interval(&store(series)).expect("memory"), want.map(Millis), "{series:?}");
        }
    }
}
