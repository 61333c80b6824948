//! Label work of aggregations and joins: which rows belong together.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use promqlite_model::{Label, Labels, Symbol, Symbols};
use promqlite_plan::{Grouping, Matching};

/// Which labels make up a key.
#[derive(Clone, Debug)]
pub(crate) enum KeyLabels {
    /// Only these; missing ones count as empty.
    On(Vec<Symbol>),
    /// All but these.
    Except(Vec<Symbol>),
}

impl KeyLabels {
    /// `by (names)` and `on (names)`.
    pub(crate) fn on(names: &[impl AsRef<str>], symbols: &Symbols) -> Self {
        Self::On(intern(names, symbols))
    }

    /// `without (names)` and `ignoring (names)`: the metric name never counts.
    pub(crate) fn except(names: &[impl AsRef<str>], symbols: &Symbols) -> Self {
        let mut except = intern(names, symbols);
        except.push(Symbol::NAME);
        Self::Except(except)
    }

    /// The key by which a binary operator matches rows: `on` or `ignoring`.
    pub(crate) fn of_matching(matching: &Matching, symbols: &Symbols) -> Self {
        if matching.on {
            Self::on(&matching.labels, symbols)
        } else {
            Self::except(&matching.labels, symbols)
        }
    }

    /// The key of an aggregation's groups: `by` or `without`.
    pub(crate) fn of_grouping(grouping: &Grouping, symbols: &Symbols) -> Self {
        if grouping.without {
            Self::except(&grouping.labels, symbols)
        } else {
            Self::on(&grouping.labels, symbols)
        }
    }

    fn keeps(&self, name: Symbol) -> bool {
        match self {
            Self::On(names) => names.contains(&name),
            Self::Except(names) => !names.contains(&name),
        }
    }

    /// The labels of the key.
    pub(crate) fn of(&self, labels: &Labels) -> Labels {
        labels.only(|name| self.keeps(name))
    }

    fn iter<'a>(&'a self, labels: &'a Labels) -> impl Iterator<Item = Label> + 'a {
        labels.iter().filter(|l| self.keeps(l.name))
    }
}

fn intern(names: &[impl AsRef<str>], symbols: &Symbols) -> Vec<Symbol> {
    names.iter().map(|name| symbols.intern(name.as_ref())).collect()
}

/// Rows by key, groups numbered in order of their first row.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// The group of each row.
    pub of_row: Vec<u32>,
    /// The key of each group, as labels.
    pub keys: Vec<Labels>,
}

impl Groups {
    /// Groups rows by some of their labels.
    pub(crate) fn by_key(rows: &[Labels], key: &KeyLabels) -> Self {
        let mut grouper = Grouper::new(key);
        let of_row = rows.iter().map(|labels| grouper.insert(labels)).collect();
        Self { of_row, keys: grouper.keys }
    }

    /// Groups rows by all of their labels.
    pub(crate) fn by_labels(rows: &[Labels]) -> Self {
        Self::by_key(rows, &KeyLabels::Except(Vec::new()))
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The rows of each group, in order.
    pub(crate) fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.len()];
        for (row, &group) in self.of_row.iter().enumerate() {
            members[group as usize].push(row);
        }
        members
    }
}

/// Numbers keys as they come. Works on symbols: no string is looked at.
pub(crate) struct Grouper<'k> {
    key: &'k KeyLabels,
    hasher: RandomState,
    table: HashTable<u32>,
    /// The key of each group.
    pub keys: Vec<Labels>,
}

impl<'k> Grouper<'k> {
    pub(crate) fn new(key: &'k KeyLabels) -> Self {
        Self { key, hasher: RandomState::default(), table: HashTable::new(), keys: Vec::new() }
    }

    /// The group of a label set, a new one if its key is new.
    pub(crate) fn insert(&mut self, labels: &Labels) -> u32 {
        let hash = hash_key(&self.hasher, self.key, labels);
        if let Some(&group) = self.table.find(hash, |&g| same_key(self.key, &self.keys[g as usize], labels)) {
            return group;
        }
        let group = u32::try_from(self.keys.len()).expect("invariant: max_series keeps groups below 2^32");
        self.keys.push(self.key.of(labels));
        let (hasher, key, keys) = (&self.hasher, self.key, &self.keys);
        self.table.insert_unique(hash, group, |&g| hash_key(hasher, key, &keys[g as usize]));
        group
    }

    /// The group of a label set, if its key is known.
    pub(crate) fn find(&self, labels: &Labels) -> Option<u32> {
        let hash = hash_key(&self.hasher, self.key, labels);
        self.table.find(hash, |&g| same_key(self.key, &self.keys[g as usize], labels)).copied()
    }
}

fn hash_key(hasher: &RandomState, key: &KeyLabels, labels: &Labels) -> u64 {
    let mut state = hasher.build_hasher();
    key.iter(labels).for_each(|label| label.hash(&mut state));
    state.finish()
}

fn same_key(key: &KeyLabels, known: &Labels, labels: &Labels) -> bool {
    // A key's own labels pass the key's filter unchanged.
    known.iter().eq(key.iter(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_in_order_of_their_first_row() {
        let symbols = Symbols::new();
        let rows = [[("a", "1"), ("b", "x")], [("a", "2"), ("b", "x")], [("a", "1"), ("b", "y")]]
            .map(|pairs| Labels::new(&symbols, pairs));
        let groups = Groups::by_key(&rows, &KeyLabels::on(&["a", "zz"], &symbols));
        assert_eq!(groups.of_row, [0, 1, 0]);
        assert_eq!(groups.keys[1].display(&symbols), r#"{a="2"}"#);
        let without = Groups::by_key(&rows, &KeyLabels::except(&["a"], &symbols));
        assert_eq!(without.of_row, [0, 0, 1]);
        assert_eq!(Groups::by_labels(&rows).len(), 3);
    }
}
