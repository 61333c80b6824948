//! The names and values of the data, looked up when they are needed and then kept.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use promqlite::storage::MetricKind;
use promqlite::{MatchOp, Matcher, Storage, TimeRange};
use promqlite_formats::write::api_time;

use crate::catalog::{Kinds, names_of_families};
use crate::dataset::Dataset;
use crate::time::show_length;

/// What can be completed from a dataset. A store that cannot tell names has none.
pub(crate) struct Names {
    /// The session's data that they belong to.
    pub(crate) generation: u64,
    storage: Arc<dyn Storage>,
    metrics: Arc<OnceLock<Vec<MetricName>>>,
    four_scrapes: OnceCell<Option<String>>,
    labels: RefCell<HashMap<Vec<String>, Vec<String>>>,
    /// Values by label and by what the other matchers say.
    values: RefCell<HashMap<ValuesOf, Rc<Vec<String>>>>,
}

/// A label, and the labels and values that the other matchers say.
type ValuesOf = (String, Vec<(String, String)>);

/// Names or values that are offered at most.
const MAX_OFFERED: usize = 1000;

/// Of very many, the first and the last: that is enough to tell how far all of them agree, and nobody reads a list of
/// the rest.
pub(super) fn few<T>(found: &[T]) -> impl Iterator<Item = &T> {
    let (shown, last) = match found {
        [shown @ .., last] if found.len() > MAX_OFFERED => (&shown[..MAX_OFFERED - 1], Some(last)),
        all => (all, None),
    };
    shown.iter().chain(last)
}

/// A metric that can be completed.
#[derive(Clone, Debug)]
pub(crate) struct MetricName {
    /// Its name.
    pub(crate) name: String,
    kind: MetricKind,
    help: String,
}

impl MetricName {
    /// Its type and its help text, as far as they are known.
    pub(crate) fn detail(&self) -> String {
        match (self.kind, self.help.as_str()) {
            (MetricKind::Unknown, help) => help.to_owned(),
            (kind, "") => kind.as_str().to_owned(),
            (kind, help) => format!("{}: {help}", kind.as_str()),
        }
    }
}

impl Names {
    /// The names of a session's data. Metrics are listed on another thread, while nothing is typed yet.
    pub(crate) fn of(dataset: &Dataset, generation: u64) -> Self {
        let (storage, metrics) = (dataset.shared_storage(), Arc::new(OnceLock::new()));
        let (ahead_storage, ahead) = (Arc::clone(&storage), Arc::clone(&metrics));
        std::thread::spawn(move || {
            ahead.get_or_init(|| list_metrics(&*ahead_storage));
        });
        Self {
            generation,
            storage,
            metrics,
            four_scrapes: OnceCell::new(),
            labels: RefCell::default(),
            values: RefCell::default(),
        }
    }

    /// All metrics, sorted by name.
    pub(crate) fn metrics(&self) -> &[MetricName] {
        self.metrics.get_or_init(|| list_metrics(&*self.storage))
    }

    /// Whether there is such a metric, as far as metrics are listed already: nothing waits for it.
    pub(crate) fn knows_metric(&self, name: &str) -> bool {
        let Some(metrics) = self.metrics.get() else { return false };
        metrics.binary_search_by(|metric| metric.name.as_str().cmp(name)).is_ok()
    }

    /// The metrics whose names start so; of very many [a few](few).
    pub(crate) fn metrics_starting(&self, start: &str) -> impl Iterator<Item = &MetricName> {
        let metrics = self.metrics();
        let first = metrics.partition_point(|metric| metric.name.as_str() < start);
        let found = &metrics[first..];
        few(&found[..found.partition_point(|metric| metric.name.starts_with(start))])
    }

    /// The labels of these metrics, without the name; of all series if there are none of them.
    pub(crate) fn labels_of(&self, metrics: &[String]) -> Vec<String> {
        if let Some(known) = self.labels.borrow().get(metrics) {
            return known.clone();
        }
        let of = |matchers: &[Matcher]| {
            self.storage.label_names(matchers, TimeRange::ALL).unwrap_or_default().into_iter()
        };
        let mut labels: Vec<String> =
            metrics.iter().flat_map(|metric| of(&[Matcher::equal("__name__", metric)])).collect();
        if labels.is_empty() {
            labels.extend(of(&[]));
        }
        labels.retain(|label| label != "__name__");
        labels.sort_unstable();
        labels.dedup();
        self.labels.borrow_mut().insert(metrics.to_vec(), labels.clone());
        labels
    }

    /// The values of a label on the series that have these others; on all if no series has them.
    pub(crate) fn values_of(&self, label: &str, others: &[(String, String)]) -> Rc<Vec<String>> {
        let key = (label.to_owned(), others.to_vec());
        if let Some(known) = self.values.borrow().get(&key) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.look_up_values(label, others));
        self.values.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    fn look_up_values(&self, label: &str, others: &[(String, String)]) -> Vec<String> {
        let matchers: Vec<Matcher> = others
            .iter()
            .filter_map(|(name, value)| Matcher::new(name, MatchOp::Equal, value).ok())
            .collect();
        let values = |matchers: &[Matcher]| {
            self.storage.label_values(label, matchers, TimeRange::ALL).unwrap_or_default()
        };
        let found = values(&matchers);
        if found.is_empty() && !matchers.is_empty() { values(&[]) } else { found }
    }

    /// Four scrapes as a duration, the shortest window that bears a failed scrape.
    pub(crate) fn four_scrapes(&self) -> Option<String> {
        let told = self.four_scrapes.get_or_init(|| {
            let interval = crate::dataset::scrape_interval(&*self.storage).ok().flatten()?;
            Some(show_length(interval.0.saturating_mul(4)))
        });
        told.clone()
    }

    /// The times of the oldest and the newest sample in Unix seconds, with what they are.
    pub(crate) fn ends_of_data(&self) -> Vec<(String, &'static str)> {
        let range = self.storage.time_range();
        range
            .map(|range| {
                vec![(api_time(range.start), "oldest sample"), (api_time(range.end), "newest sample")]
            })
            .unwrap_or_default()
    }
}

fn list_metrics(storage: &dyn Storage) -> Vec<MetricName> {
    let names = storage.label_values("__name__", &[], TimeRange::ALL).unwrap_or_default();
    let kinds = Kinds::of(storage);
    let families = storage.metadata().into_iter().map(|family| (family.family, family.help));
    let helps: HashMap<String, String> = families.filter(|(_, help)| !help.is_empty()).collect();
    let help_of = |name: &str| names_of_families(name).find_map(|family| helps.get(family)).cloned();
    let metric = |name: String| MetricName {
        kind: kinds.of_metric(&name),
        help: help_of(&name).unwrap_or_default(),
        name,
    };
    names.into_iter().map(metric).collect()
}
