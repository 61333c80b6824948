//! A set of strings with fast membership.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Sets up to this size are searched without hashing.
const LINEAR: usize = 4;

/// Distinct strings in order.
#[derive(Debug)]
pub(super) struct LiteralSet {
    sorted: Vec<String>,
    /// Indices into `sorted` by hash; empty for small sets.
    index: HashTable<u32>,
    hasher: RandomState,
}

impl LiteralSet {
    pub(super) fn new(mut texts: Vec<String>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let hasher = RandomState::default();
        let mut index = HashTable::new();
        if texts.len() > LINEAR {
            index.reserve(texts.len(), |_| 0);
            for (at, text) in texts.iter().enumerate() {
                index.insert_unique(hasher.hash_one(text.as_str()), at as u32, |&at| {
                    hasher.hash_one(texts[at as usize].as_str())
                });
            }
        }
        Self { sorted: texts, index, hasher }
    }

    #[inline]
    pub(super) fn contains(&self, value: &str) -> bool {
        if self.sorted.len() <= LINEAR {
            return self.sorted.iter().any(|text| text == value);
        }
        let hash = self.hasher.hash_one(value);
        self.index.find(hash, |&at| self.sorted[at as usize] == value).is_some()
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.sorted
    }
}
