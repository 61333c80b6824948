//! What the data says about metrics.

use std::cell::RefCell;
use std::collections::HashMap;

use promqlite_model::{MatchOp, Matcher, Millis, SampleBuf, TimeRange, is_stale};
use promqlite_storage::{MetricKind, SelectRequest, Selection, Storage};

use crate::metrics::{family, kind_of_name};

/// Series of a metric that are looked at to judge it.
const SERIES: usize = 8;
/// Samples of a series that are looked at.
const SAMPLES: usize = 500;

/// Facts about one store, looked up once each.
pub(crate) struct Facts<'s> {
    storage: &'s dyn Storage,
    everything: TimeRange,
    names: Vec<String>,
    kinds: RefCell<HashMap<String, MetricKind>>,
    values: RefCell<HashMap<(String, String), Vec<String>>>,
}

impl<'s> Facts<'s> {
    pub(crate) fn new(storage: &'s dyn Storage) -> Self {
        let everything = storage.time_range().unwrap_or(TimeRange::new(0, 0));
        // A store that cannot tell its names leaves rules about names out.
        let names = storage.label_values("__name__", &[], everything).unwrap_or_default();
        Self { storage, everything, names, kinds: RefCell::default(), values: RefCell::default() }
    }

    /// All metric names, sorted; empty when there is no data.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the data holds the metric. Without any data nobody knows, and all are taken to be known.
    pub(crate) fn knows(&self, metric: &str) -> bool {
        self.names.is_empty() || self.names.binary_search_by(|n| n.as_str().cmp(metric)).is_ok()
    }

    /// The times of the data.
    pub(crate) fn time_range(&self) -> Option<TimeRange> {
        self.storage.time_range()
    }

    /// The series that pass the matchers; `None` when the store fails.
    pub(crate) fn select(&self, matchers: &[Matcher]) -> Option<Box<dyn Selection>> {
        self.storage.select(&SelectRequest::new(matchers, self.everything)).ok()
    }

    /// The names of the labels of a metric's series, sorted.
    pub(crate) fn label_names(&self, metric: &str) -> Vec<String> {
        let matchers = [Matcher::equal("__name__", metric)];
        self.storage.label_names(&matchers, self.everything).unwrap_or_default()
    }

    /// The values of a label of a metric, sorted; of all series when `metric` is empty.
    pub(crate) fn label_values(&self, metric: &str, label: &str) -> Vec<String> {
        let key = (metric.to_owned(), label.to_owned());
        if let Some(known) = self.values.borrow().get(&key) {
            return known.clone();
        }
        let matchers: Vec<Matcher> =
            (!metric.is_empty()).then(|| Matcher::equal("__name__", metric)).into_iter().collect();
        let values = self.storage.label_values(label, &matchers, self.everything).unwrap_or_default();
        self.values.borrow_mut().insert(key, values.clone());
        values
    }

    /// Counter, gauge, …: from metadata, else from the name, else from how the values move.
    pub(crate) fn kind(&self, metric: &str) -> MetricKind {
        if let Some(known) = self.kinds.borrow().get(metric) {
            return *known;
        }
        let kind = self.told_kind(metric).unwrap_or_else(|| self.seen_kind(metric));
        self.kinds.borrow_mut().insert(metric.to_owned(), kind);
        kind
    }

    fn told_kind(&self, metric: &str) -> Option<MetricKind> {
        let told = |family: &str| {
            let all = self.storage.metadata();
            all.into_iter().find(|m| m.family == family && m.kind != MetricKind::Unknown).map(|m| m.kind)
        };
        let kind = match (told(metric), told(family(metric))) {
            (Some(kind), _) => kind,
            // The parts of a histogram or summary are counters; its quantiles bear the family's name.
            (None, Some(MetricKind::Histogram | MetricKind::Summary | MetricKind::Counter)) => {
                MetricKind::Counter
            }
            (None, Some(MetricKind::GaugeHistogram)) => MetricKind::Gauge,
            (None, _) => kind_of_name(metric),
        };
        (kind != MetricKind::Unknown).then_some(kind)
    }

    /// Judges by the values: a counter falls seldom and then far, a gauge falls often.
    fn seen_kind(&self, metric: &str) -> MetricKind {
        let (mut rises, mut falls, mut deep) = (0, 0, 0);
        for values in self.some_values(metric) {
            if values.iter().any(|v| *v < 0.0) {
                return MetricKind::Gauge;
            }
            for pair in values.windows(2) {
                rises += usize::from(pair[1] > pair[0]);
                falls += usize::from(pair[1] < pair[0]);
                deep += usize::from(pair[1] < pair[0] / 2.0);
            }
        }
        match (rises, falls) {
            (_, falls) if falls * 10 > rises && falls >= 3 => MetricKind::Gauge,
            (rises, falls) if rises >= 20 && falls == deep && falls * 20 <= rises => MetricKind::Counter,
            _ => MetricKind::Unknown,
        }
    }

    fn some_values(&self, metric: &str) -> Vec<Vec<f64>> {
        let Some(selection) = self.select(&[Matcher::equal("__name__", metric)]) else { return Vec::new() };
        let mut buf = SampleBuf::default();
        let one = |i: usize| {
            let samples = selection.samples(i, self.everything, &mut buf).ok()?;
            let newest = samples.values.len().saturating_sub(SAMPLES);
            Some(samples.values[newest..].iter().copied().filter(|v| !v.is_nan()).collect())
        };
        (0..selection.len().min(SERIES)).filter_map(one).collect()
    }

    /// The median distance of the samples of the first of the selected series.
    pub(crate) fn interval(&self, matchers: &[Matcher]) -> Option<Millis> {
        let selection = self.select(matchers)?;
        let mut buf = SampleBuf::default();
        for i in 0..selection.len().min(SERIES) {
            let samples = selection.samples(i, self.everything, &mut buf).ok()?;
            let newest = samples.times.len().saturating_sub(SAMPLES);
            let mut gaps: Vec<i64> = samples.times[newest..].windows(2).map(|t| t[1] - t[0]).collect();
            if gaps.len() >= 3 {
                gaps.sort_unstable();
                return Some(Millis(gaps[gaps.len() / 2]));
            }
        }
        None
    }

    /// The times of the oldest and newest real sample of the selected series.
    pub(crate) fn span(&self, matchers: &[Matcher]) -> Option<TimeRange> {
        let selection = self.select(matchers)?;
        let mut buf = SampleBuf::default();
        let mut span: Option<TimeRange> = None;
        for i in 0..selection.len() {
            let samples = selection.samples(i, self.everything, &mut buf).ok()?;
            let real = |k: &usize| samples.histogram(*k).is_some() || !is_stale(samples.values[*k]);
            let first = (0..samples.len()).find(real);
            let last = (0..samples.len()).rev().find(real);
            if let (Some(first), Some(last)) = (first, last) {
                let own = TimeRange::new(samples.times[first], samples.times[last]);
                span = Some(span.map_or(own, |span| span.union(own)));
            }
        }
        span
    }
}

/// The metric that the matchers ask for by an equality; none for a regular expression or an empty name.
pub(crate) fn metric_of(matchers: &[Matcher]) -> Option<&str> {
    let named = matchers.iter().find(|m| m.name() == "__name__" && m.op() == MatchOp::Equal)?;
    (!named.value().is_empty()).then(|| named.value())
}

/// A time as people write it, in UTC.
pub(crate) fn time_text(t: promqlite_model::Timestamp) -> String {
    match chrono::DateTime::<chrono::Utc>::from_timestamp_millis(t.0) {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        None => format!("{}ms", t.0),
    }
}
