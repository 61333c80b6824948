//! Staleness markers that text cannot carry, set again by the rule of the server that was exported.
//!
//! Prometheus ends a series with a marker when a scrape of its target no longer has it, or fails. `up` has a
//! sample for each scrape, failed ones included, and all samples of a scrape have its time. So a series whose
//! every sample lies at a scrape of its target (the `up` with its `job` and `instance`) comes from those
//! scrapes, and each scrape that lacks it right after one that has it is where the marker was. Series with
//! times of their own (results of rules, exposed timestamps) are left alone, as the server leaves them.

use std::collections::HashMap;

use promqlite_model::{Labels, Matcher, STALE_NAN, SampleBuf, Samples, Symbol, TimeRange, is_stale};
use promqlite_storage::{MemStore, SelectRequest, Storage, StorageError};

/// Sets the markers that follow from `up`; returns their number.
pub(super) fn infer(store: &MemStore) -> Result<u64, StorageError> {
    let symbols = store.symbols();
    let (Some(job), Some(instance)) = (symbols.lookup("job"), symbols.lookup("instance")) else {
        return Ok(0);
    };
    let target = |labels: &Labels| (labels.get(job), labels.get(instance));
    let up = [Matcher::equal("__name__", "up")];
    let ups = store.select(&SelectRequest::new(&up, TimeRange::ALL))?;
    let mut scrapes: HashMap<(Symbol, Symbol), Vec<i64>> = HashMap::new();
    let mut buffer = SampleBuf::default();
    for i in 0..ups.len() {
        let samples = ups.samples(i, TimeRange::ALL, &mut buffer)?;
        // Two series of one target cannot be told apart: then nothing is known about its scrapes.
        let known = scrapes.entry(target(ups.labels(i))).or_default();
        if known.is_empty() { known.extend_from_slice(samples.times) } else { known.clear() }
    }
    drop(ups);
    scrapes.retain(|_, times| !times.is_empty());
    if scrapes.is_empty() {
        return Ok(0);
    }
    let all = store.select(&SelectRequest::new(&[], TimeRange::ALL))?;
    let mut missed = Vec::new();
    for i in 0..all.len() {
        let Some(scrapes) = scrapes.get(&target(all.labels(i))) else { continue };
        let samples = all.samples(i, TimeRange::ALL, &mut buffer)?;
        if let Some(times) = missed_scrapes(&samples, scrapes).filter(|times| !times.is_empty()) {
            missed.push((all.labels(i).clone(), times));
        }
    }
    drop(all);
    let mut markers = 0;
    for (labels, times) in missed {
        let series = store.series(&labels);
        for time in times {
            store.append(series, time, STALE_NAN);
            markers += 1;
        }
    }
    Ok(markers)
}

/// The scrapes that lack a series right after one that has it; `None` if a sample lies at no scrape.
fn missed_scrapes(samples: &Samples<'_>, scrapes: &[i64]) -> Option<Vec<i64>> {
    let mut missed = Vec::new();
    let mut next = 0;
    let mut present = false;
    for (&time, &value) in samples.times.iter().zip(samples.values) {
        while scrapes.get(next).is_some_and(|&scrape| scrape < time) {
            if present {
                missed.push(scrapes[next]);
                present = false;
            }
            next += 1;
        }
        if scrapes.get(next) != Some(&time) {
            return None;
        }
        present = !is_stale(value);
        next += 1;
    }
    if present {
        missed.extend(scrapes.get(next));
    }
    Some(missed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_lies_at_the_first_scrape_without_the_series() {
        let scrapes = [10, 20, 30, 40, 50, 60];
        let missed_scrapes = |times: &[i64], scrapes: &[i64]| {
            missed_scrapes(&Samples::floats(times, &vec![1.0; times.len()]), scrapes)
        };
        assert_eq!(missed_scrapes(&[10, 20, 30, 40, 50, 60], &scrapes), Some(vec![]));
        assert_eq!(missed_scrapes(&[20, 50], &scrapes), Some(vec![30, 60]));
        assert_eq!(missed_scrapes(&[20, 30], &scrapes), Some(vec![40]));
        assert_eq!(missed_scrapes(&[20, 35], &scrapes), None);
        assert_eq!(missed_scrapes(&[60, 70], &scrapes), None);
    }

    #[test]
    fn only_series_of_scrapes_are_ended() {
        let store = MemStore::new();
        let fill = |name: &str, instance: &str, times: &[i64]| {
            let id = store.series_of([("__name__", name), ("job", "j"), ("instance", instance)]);
            for &t in times {
                store.append(id, t, 1.0);
            }
        };
        fill("up", "a", &[10, 20, 30]);
        fill("gone", "a", &[10]);
        fill("rule", "a", &[15]);
        fill("elsewhere", "b", &[10]);
        assert_eq!(infer(&store).unwrap(), 1);
        assert_eq!(store.sample_count(), 3 + 3 + 1);
        assert_eq!(infer(&store).unwrap(), 0, "a series that was ended stays so");
    }
}
