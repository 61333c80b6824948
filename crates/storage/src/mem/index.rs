//! Which series exist, and which carry a label.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use promqlite_model::{Label, Labels, Symbol};

use super::postings::Postings;
use super::series::Series;

/// From labels to series ids. Ids are dense, in order of creation, so every list of ids is sorted as it grows.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_labels: HashTable<u32>,
    by_name: HashMap<Symbol, NameIndex, RandomState>,
    hasher: RandomState,
}

/// The series that have a certain label.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    values: HashMap<Symbol, Postings, RandomState>,
    series: usize,
}

impl Index {
    /// Number of series.
    pub(super) fn len(&self) -> usize {
        self.by_labels.len()
    }

    /// The series with these labels.
    pub(super) fn find(&self, labels: &Labels, series: &boxcar::Vec<Series>) -> Option<u32> {
        let hash = self.hash(labels.as_slice());
        self.by_labels.find(hash, |&id| series[id as usize].labels == *labels).copied()
    }

    /// Adds series `id`, which `series` holds already.
    pub(super) fn insert(&mut self, id: u32, series: &boxcar::Vec<Series>) {
        let labels = &series[id as usize].labels;
        let hash = self.hash(labels.as_slice());
        let hasher = &self.hasher;
        self.by_labels.insert_unique(hash, id, |&id| hasher.hash_one(series[id as usize].labels.as_slice()));
        for label in labels.iter() {
            let name = self.by_name.entry(label.name).or_default();
            name.series += 1;
            name.values
                .entry(label.value)
                .and_modify(|postings| postings.push(id))
                .or_insert(Postings::One(id));
        }
    }

    fn hash(&self, labels: &[Label]) -> u64 {
        self.hasher.hash_one(labels)
    }

    pub(super) fn name(&self, name: Symbol) -> Option<&NameIndex> {
        self.by_name.get(&name)
    }

    /// All label names.
    pub(super) fn names(&self) -> impl Iterator<Item = Symbol> {
        self.by_name.keys().copied()
    }

    pub(super) fn shrink(&mut self) {
        for name in self.by_name.values_mut() {
            name.values.values_mut().for_each(Postings::shrink);
            name.values.shrink_to_fit();
        }
    }

    /// Bytes on the heap, roughly.
    pub(super) fn bytes(&self) -> usize {
        let entry = size_of::<(Symbol, Postings)>() + 1;
        let values = |name: &NameIndex| {
            name.values.capacity() * entry + name.values.values().map(Postings::bytes).sum::<usize>()
        };
        self.by_labels.capacity() * 5
            + self.by_name.values().map(|name| size_of::<NameIndex>() + values(name)).sum::<usize>()
    }
}

impl NameIndex {
    /// Number of series that have the label.
    pub(super) fn series(&self) -> usize {
        self.series
    }

    /// Number of distinct values.
    pub(super) fn distinct(&self) -> usize {
        self.values.len()
    }

    /// The series with this value.
    pub(super) fn series_with(&self, value: Symbol) -> Option<&[u32]> {
        self.values.get(&value).map(Postings::as_slice)
    }

    /// Each value and the series that have it, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = (Symbol, &[u32])> {
        self.values.iter().map(|(value, postings)| (*value, postings.as_slice()))
    }
}
