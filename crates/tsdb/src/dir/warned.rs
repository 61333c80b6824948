//! A store that is incomplete, and says so with each query.

use std::sync::Arc;

use promqlite_model::{Labels, Matcher, SampleBuf, Samples, Symbols, TimeRange};
use promqlite_storage::{Metadata, ReadStats, SelectRequest, Selection, Storage, StorageError};

pub(super) struct Warned {
    store: Arc<dyn Storage>,
    warnings: Arc<[String]>,
}

impl Warned {
    /// `store` with warnings, if there are any.
    pub(super) fn wrap(store: Arc<dyn Storage>, warnings: Vec<String>) -> Arc<dyn Storage> {
        if warnings.is_empty() { store } else { Arc::new(Self { store, warnings: warnings.into() }) }
    }
}

impl Storage for Warned {
    fn symbols(&self) -> &Arc<Symbols> {
        self.store.symbols()
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        let selection = self.store.select(request)?;
        Ok(Box::new(WarnedSelection { selection, warnings: Arc::clone(&self.warnings) }))
    }

    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        self.store.label_names(matchers, range)
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_values(name, matchers, range)
    }

    fn metadata(&self) -> Vec<Metadata> {
        self.store.metadata()
    }

    fn time_range(&self) -> Option<TimeRange> {
        self.store.time_range()
    }
}

struct WarnedSelection {
    selection: Box<dyn Selection>,
    warnings: Arc<[String]>,
}

impl Selection for WarnedSelection {
    fn len(&self) -> usize {
        self.selection.len()
    }

    fn labels(&self, i: usize) -> &Labels {
        self.selection.labels(i)
    }

    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        self.selection.samples(i, range, buf)
    }

    fn warnings(&self) -> Vec<String> {
        self.selection.warnings().into_iter().chain(self.warnings.iter().cloned()).collect()
    }

    fn stats(&self) -> ReadStats {
        self.selection.stats()
    }
}
