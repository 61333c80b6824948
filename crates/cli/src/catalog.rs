//! What is in a store, metric by metric and label by label.

use std::collections::{BTreeMap, HashMap, HashSet};

use promqlite::storage::{MetricKind, SelectRequest, Selection, StorageError};
use promqlite::{LabelSet, Matcher, SampleBuf, Storage, Symbol, TimeRange, is_stale};

/// A metric and how much of it there is.
pub(crate) struct Metric {
    /// Its name; empty for series that have none.
    pub(crate) name: String,
    /// Its type.
    pub(crate) kind: MetricKind,
    /// Its series.
    pub(crate) series: u64,
    /// Its samples, without staleness markers. 0 if they were not counted.
    pub(crate) samples: u64,
}

/// Whether samples are counted, for which all of them are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Samples {
    /// They are.
    Counted,
    /// They are not.
    Skipped,
}

/// The metrics of the series that pass the matchers, the largest first: by samples if they are counted, else by
/// series.
pub(crate) fn metrics(
    storage: &dyn Storage,
    matchers: &[Matcher],
    samples: Samples,
) -> Result<Vec<Metric>, StorageError> {
    metrics_and_warnings(storage, matchers, samples).map(|(metrics, _)| metrics)
}

/// The same, and what the store warned of while it was read.
pub(crate) fn metrics_and_warnings(
    storage: &dyn Storage,
    matchers: &[Matcher],
    samples: Samples,
) -> Result<(Vec<Metric>, Vec<String>), StorageError> {
    let selection = storage.select(&SelectRequest::new(matchers, TimeRange::ALL))?;
    let name = storage.symbols().lookup("__name__");
    let mut found: HashMap<Symbol, (u64, u64)> = HashMap::new();
    let mut buffer = SampleBuf::default();
    for i in 0..selection.len() {
        let metric =
            found.entry(name.map_or(Symbol::EMPTY, |name| selection.labels(i).get(name))).or_default();
        metric.0 += 1;
        if samples == Samples::Counted {
            metric.1 += count_samples(&*selection, i, &mut buffer)?;
        }
    }
    let kinds = Kinds::of(storage);
    let mut metrics: Vec<Metric> = found
        .into_iter()
        .map(|(symbol, (series, samples))| {
            let name = storage.symbols().get(symbol).to_owned();
            Metric { kind: kinds.of_metric(&name), name, series, samples }
        })
        .collect();
    let size = |metric: &Metric| (metric.samples, metric.series);
    metrics.sort_by(|a, b| size(b).cmp(&size(a)).then_with(|| a.name.cmp(&b.name)));
    Ok((metrics, selection.warnings()))
}

fn count_samples(selection: &dyn Selection, i: usize, buffer: &mut SampleBuf) -> Result<u64, StorageError> {
    let samples = selection.samples(i, TimeRange::ALL, buffer)?;
    Ok(samples.values.iter().filter(|&&value| !is_stale(value)).count() as u64)
}

/// A label and how many values it has.
pub(crate) struct LabelUse {
    /// Its name.
    pub(crate) name: String,
    /// Its distinct values.
    pub(crate) values: u64,
    /// The series that have it.
    pub(crate) series: u64,
}

/// The labels of the series that pass the matchers, the one with the most values first. The metric name is none of
/// them.
pub(crate) fn labels(storage: &dyn Storage, matchers: &[Matcher]) -> Result<Vec<LabelUse>, StorageError> {
    let selection = storage.select(&SelectRequest::new(matchers, TimeRange::ALL))?;
    let mut found: HashMap<Symbol, (HashSet<Symbol>, u64)> = HashMap::new();
    for i in 0..selection.len() {
        for label in selection.labels(i).iter() {
            let entry = found.entry(label.name).or_default();
            entry.0.insert(label.value);
            entry.1 += 1;
        }
    }
    let mut labels: Vec<LabelUse> = found
        .into_iter()
        .map(|(name, (values, series))| LabelUse {
            name: storage.symbols().get(name).to_owned(),
            values: values.len() as u64,
            series,
        })
        .filter(|label| label.name != "__name__")
        .collect();
    labels.sort_by(|a, b| b.values.cmp(&a.values).then_with(|| a.name.cmp(&b.name)));
    Ok(labels)
}

/// The label sets of the series that pass the matchers, and how many there are; sorted, `limit` of them at most.
pub(crate) fn series(
    storage: &dyn Storage,
    matchers: &[Matcher],
    limit: usize,
) -> Result<(Vec<LabelSet>, usize), StorageError> {
    let selection = storage.select(&SelectRequest::new(matchers, TimeRange::ALL))?;
    let set = |i| LabelSet::new(selection.labels(i).clone(), storage.symbols().clone());
    let mut sets: Vec<(String, LabelSet)> =
        (0..selection.len()).map(set).map(|labels| (labels.to_string(), labels)).collect();
    sets.sort_by(|a, b| a.0.cmp(&b.0));
    let total = sets.len();
    Ok((sets.into_iter().take(limit).map(|(_, labels)| labels).collect(), total))
}

/// The types of metrics.
pub(crate) struct Kinds(BTreeMap<String, MetricKind>);

/// Endings that a sample's name may have beyond its family's name.
const SUFFIXES: [&str; 6] = ["_total", "_bucket", "_sum", "_count", "_info", "_created"];

impl Kinds {
    /// What a store knows.
    pub(crate) fn of(storage: &dyn Storage) -> Self {
        Self(storage.metadata().into_iter().map(|family| (family.family, family.kind)).collect())
    }

    /// The type of a metric by its own name, or by its family's.
    pub(crate) fn of_metric(&self, metric: &str) -> MetricKind {
        names_of_families(metric).find_map(|name| self.0.get(name).copied()).unwrap_or_default()
    }
}

/// The names that the family of a metric may have.
pub(crate) fn names_of_families(metric: &str) -> impl Iterator<Item = &str> {
    let families = SUFFIXES.iter().filter_map(move |suffix| metric.strip_suffix(suffix));
    std::iter::once(metric).chain(families)
}

/// Whether a name contains the pattern; with `*` in it, whether the whole name matches it.
pub(crate) fn is_like(name: &str, pattern: &str) -> bool {
    if !pattern.contains('*') {
        return name.contains(pattern);
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = &parts[..] else { return false };
    let Some(mut rest) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    middle.iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use promqlite::MemStore;

    use super::*;

    #[test]
    fn patterns() {
        for (name, pattern, like) in [
            ("http_requests_total", "", true),
            ("http_requests_total", "requests", true),
            ("http_requests_total", "http_*", true),
            ("http_requests_total", "*_total", true),
            ("http_requests_total", "h*req*total", true),
            ("http_requests_total", "*", true),
            ("http_requests_total", "requests*", false),
            ("aba", "ab*ba", false),
        ] {
            assert_eq!(is_like(name, pattern), like, "{name} {pattern}");
        }
    }

    #[test]
    fn metrics_and_labels_by_size() {
        let store = MemStore::new();
        for (name, job, samples) in [("a", "x", 3), ("b", "x", 1), ("b", "y", 1)] {
            let id = store.series_of([("__name__", name), ("job", job)]);
            for t in 0..samples {
                store.append(id, t, 1.0);
            }
        }
        let names = |samples| {
            let found = metrics(&store, &[], samples).expect("memory");
            found.iter().map(|m| format!("{} {} {}", m.name, m.series, m.samples)).collect::<Vec<_>>()
        };
        assert_eq!(names(Samples::Counted), ["a 1 3", "b 2 2"]);
        assert_eq!(names(Samples::Skipped), ["b 2 0", "a 1 0"]);
        let labels = labels(&store, &[]).expect("memory");
        assert_eq!(
            labels.iter().map(|l| (&*l.name, l.values, l.series)).collect::<Vec<_>>(),
            [("job", 2, 3)]
        );
        let (sets, total) = series(&store, &[Matcher::equal("__name__", "b")], 1).expect("memory");
        assert_eq!((sets[0].to_string(), total), ("b{job=\"x\"}".to_owned(), 2));
    }
}
