//! The series that pass one of several selectors, as a store.

use std::collections::BTreeSet;
use std::sync::Arc;

use promqlite::storage::{Metadata, ReadStats, SelectRequest, Selection, StorageError};
use promqlite::{LabelSet, Labels, Matcher, SampleBuf, Samples, Storage, Symbols, TimeRange};

/// A store of which only the series that pass one of some selectors are seen; all if there is no selector. Each comes
/// once, however many it passes.
pub(crate) struct AnyOf<'a> {
    store: &'a dyn Storage,
    selectors: Vec<Vec<Matcher>>,
}

impl<'a> AnyOf<'a> {
    pub(crate) fn new(store: &'a dyn Storage, selectors: &[Vec<Matcher>]) -> Self {
        let selectors = if selectors.is_empty() { vec![Vec::new()] } else { selectors.to_vec() };
        Self { store, selectors }
    }

    /// The selectors, each with more matchers.
    fn narrowed(&self, matchers: &[Matcher]) -> impl Iterator<Item = Vec<Matcher>> {
        self.selectors.iter().map(move |selector| [selector, matchers].concat())
    }

    fn strings(
        &self,
        matchers: &[Matcher],
        of: impl Fn(&[Matcher]) -> Result<Vec<String>, StorageError>,
    ) -> Result<Vec<String>, StorageError> {
        let mut all = BTreeSet::new();
        for matchers in self.narrowed(matchers) {
            all.extend(of(&matchers)?);
        }
        Ok(all.into_iter().collect())
    }
}

impl Storage for AnyOf<'_> {
    fn symbols(&self) -> &Arc<Symbols> {
        self.store.symbols()
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        let mut inputs = Vec::new();
        let mut rows = Vec::new();
        for (i, matchers) in self.narrowed(request.matchers).enumerate() {
            let input = self.store.select(&SelectRequest { matchers: &matchers, ..request.clone() })?;
            let is_new = |row: &usize| {
                let labels = LabelSet::new(input.labels(*row).clone(), Arc::clone(self.symbols()));
                let passes = |selector: &Vec<Matcher>| {
                    selector.iter().all(|m| m.matches(labels.get(m.name()).unwrap_or("")))
                };
                !self.selectors[..i].iter().any(passes)
            };
            rows.extend((0..input.len()).filter(is_new).map(|row| (i, row)));
            inputs.push(input);
        }
        Ok(Box::new(Rows { inputs, rows }))
    }

    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        self.strings(matchers, |matchers| self.store.label_names(matchers, range))
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        self.strings(matchers, |matchers| self.store.label_values(name, matchers, range))
    }

    fn metadata(&self) -> Vec<Metadata> {
        self.store.metadata()
    }

    fn time_range(&self) -> Option<TimeRange> {
        self.store.time_range()
    }
}

struct Rows {
    inputs: Vec<Box<dyn Selection>>,
    /// Input, and row of it.
    rows: Vec<(usize, usize)>,
}

impl Selection for Rows {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn labels(&self, i: usize) -> &Labels {
        let (input, row) = self.rows[i];
        self.inputs[input].labels(row)
    }

    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        let (input, row) = self.rows[i];
        self.inputs[input].samples(row, range, buf)
    }

    fn warnings(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let all = self.inputs.iter().flat_map(|input| input.warnings());
        all.filter(|text| seen.insert(text.clone())).collect()
    }

    fn stats(&self) -> ReadStats {
        self.inputs.iter().map(|input| input.stats()).fold(ReadStats::default(), |a, b| ReadStats {
            chunks: a.chunks + b.chunks,
            bytes: a.bytes + b.bytes,
            samples: a.samples + b.samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use promqlite::MemStore;

    use super::*;
    use crate::selectors::matchers;

    #[test]
    fn each_series_comes_once() {
        let store = MemStore::new();
        for (name, job) in [("up", "a"), ("up", "b"), ("down", "a"), ("left", "b")] {
            store.append(store.series_of([("__name__", name), ("job", job)]), 0, 1.0);
        }
        let selectors = ["up", r#"{job="a"}"#].map(|text| matchers(text).expect("a selector"));
        let some = AnyOf::new(&store, &selectors);
        let shown = |store: &AnyOf<'_>, text: &str| {
            let matchers = matchers(text).expect("a selector");
            let selection = store.select(&SelectRequest::new(&matchers, TimeRange::ALL)).expect("series");
            let labels =
                |i| LabelSet::new(selection.labels(i).clone(), Arc::clone(store.symbols())).to_string();
            (0..selection.len()).map(labels).collect::<Vec<_>>()
        };
        assert_eq!(shown(&some, ""), [r#"up{job="a"}"#, r#"up{job="b"}"#, r#"down{job="a"}"#]);
        assert_eq!(shown(&some, r#"{job="b"}"#), [r#"up{job="b"}"#]);
        assert_eq!(shown(&AnyOf::new(&store, &[]), "").len(), 4);
        let names = some.label_values("__name__", &[], TimeRange::ALL).expect("names");
        assert_eq!(names, ["down", "up"]);
    }
}
