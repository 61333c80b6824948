//! Several stores as one.

mod merge;
mod selection;
mod translate;

use std::collections::BTreeMap;
use std::sync::Arc;

use promqlite_model::{Label, Matcher, Symbol, Symbols, TimeRange};

use crate::{Metadata, MetricKind, SelectRequest, Selection, Storage, StorageError};
use selection::MergedRows;
use translate::{ExtraLabel, Translator};

pub use merge::merge_samples;

/// Several stores that answer as one.
///
/// Series with equal labels become one series; at equal times the sample of the store that was added first
/// stays. Series come in the order of the stores, then in each store's own order. A store can be told apart by
/// an extra label, which replaces a label of that name on its series.
///
/// ```
/// use std::sync::Arc;
/// use promqlite_model::{Matcher, TimeRange};
/// use promqlite_storage::{MemStore, MergedStore, SelectRequest, Storage};
///
/// let runs = [1.0, 2.0].map(|value| {
///     let store = MemStore::new();
///     store.append(store.series_of([("__name__", "up")]), 0, value);
///     Arc::new(store) as Arc<dyn Storage>
/// });
/// let [a, b] = runs;
/// let merged = MergedStore::builder().add_labelled(a, "run", "a").add_labelled(b, "run", "b").build();
/// let only_b = [Matcher::equal("run", "b")];
/// let selection = merged.select(&SelectRequest::new(&only_b, TimeRange::ALL))?;
/// assert_eq!(selection.labels(0).display(merged.symbols()), r#"{__name__="up", run="b"}"#);
/// # Ok::<(), promqlite_storage::StorageError>(())
/// ```
pub struct MergedStore {
    symbols: Arc<Symbols>,
    inputs: Vec<Input>,
}

struct Input {
    store: Arc<dyn Storage>,
    extra: Option<ExtraLabel>,
}

/// Collects the stores of a [`MergedStore`].
#[derive(Default)]
#[must_use]
pub struct MergedStoreBuilder {
    symbols: Symbols,
    inputs: Vec<Input>,
}

impl MergedStoreBuilder {
    /// Adds a store after the others.
    #[allow(clippy::should_implement_trait, reason = "a builder collects; nobody writes `builder + store`")]
    pub fn add(mut self, store: Arc<dyn Storage>) -> Self {
        self.inputs.push(Input { store, extra: None });
        self
    }

    /// Adds a store after the others and puts label `name` with `value` on all of its series. An empty value
    /// takes the label away from them.
    pub fn add_labelled(mut self, store: Arc<dyn Storage>, name: &str, value: &str) -> Self {
        let label = Label { name: self.symbols.intern(name), value: self.symbols.intern(value) };
        let extra = Some(ExtraLabel { name: name.into(), value: value.into(), label });
        self.inputs.push(Input { store, extra });
        self
    }

    /// The store of all that was added.
    #[must_use]
    pub fn build(self) -> MergedStore {
        MergedStore { symbols: Arc::new(self.symbols), inputs: self.inputs }
    }
}

impl MergedStore {
    /// Merges stores as they are.
    #[must_use]
    pub fn new(stores: Vec<Arc<dyn Storage>>) -> Self {
        stores.into_iter().fold(Self::builder(), MergedStoreBuilder::add).build()
    }

    /// Starts a merged store without any store in it.
    pub fn builder() -> MergedStoreBuilder {
        MergedStoreBuilder::default()
    }
}

impl Input {
    /// The matchers that this input's store has to answer; `None` if its extra label fails one already.
    fn matchers(&self, all: &[Matcher]) -> Option<Vec<Matcher>> {
        let Some(extra) = &self.extra else { return Some(all.to_vec()) };
        let (on_extra, rest): (Vec<_>, Vec<_>) = all.iter().partition(|m| m.name() == &*extra.name);
        on_extra.iter().all(|m| m.matches(&extra.value)).then(|| rest.into_iter().cloned().collect())
    }

    fn has_series(&self, matchers: &[Matcher], range: TimeRange) -> Result<bool, StorageError> {
        Ok(!self.store.select(&SelectRequest::new(matchers, range))?.is_empty())
    }

    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        let Some(matchers) = self.matchers(matchers) else { return Ok(Vec::new()) };
        let mut names = self.store.label_names(&matchers, range)?;
        if let Some(extra) = &self.extra {
            names.retain(|name| **name != *extra.name);
            if extra.label.value != Symbol::EMPTY && self.has_series(&matchers, range)? {
                names.push(extra.name.to_string());
            }
        }
        Ok(names)
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        let Some(matchers) = self.matchers(matchers) else { return Ok(Vec::new()) };
        match &self.extra {
            Some(extra) if *extra.name == *name => {
                let carried = extra.label.value != Symbol::EMPTY && self.has_series(&matchers, range)?;
                Ok(carried.then(|| extra.value.to_string()).into_iter().collect())
            }
            _ => self.store.label_values(name, &matchers, range),
        }
    }
}

impl Storage for MergedStore {
    fn symbols(&self) -> &Arc<Symbols> {
        &self.symbols
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        let mut rows = MergedRows::default();
        for input in &self.inputs {
            let Some(matchers) = input.matchers(request.matchers) else { continue };
            let selection = input.store.select(&SelectRequest { matchers: &matchers, ..request.clone() })?;
            rows.add(
                selection,
                &mut Translator::new(input.store.symbols(), &self.symbols, input.extra.as_ref()),
            );
        }
        Ok(Box::new(rows.finish()))
    }

    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        sorted_union(self.inputs.iter().map(|input| input.label_names(matchers, range)))
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        sorted_union(self.inputs.iter().map(|input| input.label_values(name, matchers, range)))
    }

    /// What the stores know about each family; of two answers the earlier store's stays.
    fn metadata(&self) -> Vec<Metadata> {
        let mut families: BTreeMap<String, Metadata> = BTreeMap::new();
        for metadata in self.inputs.iter().flat_map(|input| input.store.metadata()) {
            let known = families.entry(metadata.family.clone()).or_default();
            known.family = metadata.family;
            if known.kind == MetricKind::Unknown {
                known.kind = metadata.kind;
            }
            if known.unit.is_empty() {
                known.unit = metadata.unit;
            }
            if known.help.is_empty() {
                known.help = metadata.help;
            }
        }
        families.into_values().collect()
    }

    fn time_range(&self) -> Option<TimeRange> {
        self.inputs.iter().filter_map(|input| input.store.time_range()).reduce(TimeRange::union)
    }
}

fn sorted_union(
    lists: impl Iterator<Item = Result<Vec<String>, StorageError>>,
) -> Result<Vec<String>, StorageError> {
    let mut all = lists.collect::<Result<Vec<_>, _>>()?.concat();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
