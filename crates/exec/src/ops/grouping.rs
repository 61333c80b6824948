//! Label work of aggregations and joins: which rows belong together.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use promqlite_model::{Label, Labels, Symbol, Symbols};
use promqlite_plan::{Grouping, Matching};

use crate::aside::Aside;
use crate::budget::{Held, Tally};
use crate::context::Cx;
use crate::error::ExecError;

/// Which labels make up a key. The lists are sorted.
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
        Self::Except(intern(names, symbols)).dropping(Symbol::NAME)
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

    /// Without another label.
    pub(crate) fn dropping(mut self, name: Symbol) -> Self {
        match &mut self {
            Self::On(names) => names.retain(|&n| n != name),
            Self::Except(names) => {
                names.push(name);
                names.sort_unstable();
            }
        }
        self
    }

    fn keeps(&self, name: Symbol) -> bool {
        match self {
            Self::On(names) => listed(names, name),
            Self::Except(names) => !listed(names, name),
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
    let mut symbols: Vec<Symbol> = names.iter().map(|name| symbols.intern(name.as_ref())).collect();
    symbols.sort_unstable();
    symbols
}

/// Whether a sorted list holds a name. Most lists are so short that looking at all of it is quickest.
fn listed(names: &[Symbol], name: Symbol) -> bool {
    if names.len() <= 8 { names.contains(&name) } else { names.binary_search(&name).is_ok() }
}

/// Rows by key, groups numbered in order of their first row.
pub(crate) struct Groups {
    /// The group of each row.
    pub of_row: Vec<u32>,
    /// The key of each group, as labels.
    pub keys: Aside<Vec<Labels>>,
    /// What the two take.
    pub held: Held,
}

impl Groups {
    /// Groups rows by some of their labels.
    pub(crate) fn by_key(rows: &[Labels], key: &KeyLabels, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let mut grouper = Grouper::new(key, cx)?;
        let one_group = matches!(key, KeyLabels::On(names) if names.is_empty());
        let of_row = match rows {
            [first, ..] if one_group => {
                grouper.insert(first)?;
                grouper.tally.reserve(rows.len() * size_of::<u32>())?;
                vec![0; rows.len()]
            }
            _ => grouper.insert_all(rows)?,
        };
        let (keys, held) = grouper.finish()?;
        Ok(Self { of_row, keys, held })
    }

    /// Groups rows by all of their labels.
    pub(crate) fn by_labels(rows: &[Labels], cx: &Cx<'_>) -> Result<Self, ExecError> {
        Self::by_key(rows, &KeyLabels::Except(Vec::new()), cx)
    }

    /// The number of rows of each group.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.len()];
        self.of_row.iter().for_each(|&group| sizes[group as usize] += 1);
        sizes
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The rows of each group.
    pub(crate) fn members(&self, cx: &Cx<'_>) -> Result<Members, ExecError> {
        let held = cx.hold((self.len() + 1 + self.of_row.len()) * size_of::<usize>())?;
        let mut ends = vec![0; self.len() + 1];
        self.of_row.iter().for_each(|&group| ends[group as usize + 1] += 1);
        (0..self.len()).for_each(|group| ends[group + 1] += ends[group]);
        let mut rows = vec![0; self.of_row.len()];
        cx.check()?;
        // Each start moves to its end while the rows are put in, then the ends are shifted to be starts again.
        for (row, &group) in self.of_row.iter().enumerate() {
            let to = &mut ends[group as usize];
            rows[*to] = row;
            *to += 1;
        }
        ends.rotate_right(1);
        ends[0] = 0;
        Ok(Members { rows, starts: ends, _held: held })
    }
}

/// The rows of each group, in order.
pub(crate) struct Members {
    rows: Vec<usize>,
    /// Where the rows of a group start; one more than there are groups.
    starts: Vec<usize>,
    _held: Held,
}

impl Members {
    /// The rows of a group.
    pub(crate) fn of(&self, group: usize) -> &[usize] {
        &self.rows[self.starts[group]..self.starts[group + 1]]
    }
}

/// What a group takes beside the labels of its key: their place in a growing list and in a growing table.
const GROUP_BYTES: usize = 72;

/// A group in the table. Its hash spares most looks at the keys, and all of them when the table grows.
struct Slot {
    hash: u32,
    group: u32,
}

impl Slot {
    /// All bits of the table's hash depend on those that are kept.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Numbers keys as they come. Works on symbols: no string is looked at.
pub(crate) struct Grouper<'k> {
    key: &'k KeyLabels,
    hasher: RandomState,
    table: HashTable<Slot>,
    /// The key of each group.
    keys: Aside<Vec<Labels>>,
    tally: Tally<'k, 'k>,
}

impl<'k> Grouper<'k> {
    pub(crate) fn new(key: &'k KeyLabels, cx: &'k Cx<'_>) -> Result<Self, ExecError> {
        let tally = Tally::new(cx, 0)?;
        Ok(Self {
            key,
            hasher: RandomState::default(),
            table: HashTable::new(),
            keys: Aside::default(),
            tally,
        })
    }

    /// The group of a label set, a new one if its key is new.
    pub(crate) fn insert(&mut self, labels: &Labels) -> Result<u32, ExecError> {
        let hash = hash_key(&self.hasher, self.key, labels);
        if let Some(group) = self.find_hashed(hash, labels) {
            self.tally.add(0)?;
            return Ok(group);
        }
        let group = u32::try_from(self.keys.len()).expect("invariant: max_series keeps groups below 2^32");
        let known = self.key.of(labels);
        self.tally.add(known.bytes() + GROUP_BYTES)?;
        self.keys.push(known);
        self.table.insert_unique(Slot::spread(hash), Slot { hash, group }, |slot| Slot::spread(slot.hash));
        Ok(group)
    }

    /// The groups of many label sets.
    pub(crate) fn insert_all(&mut self, rows: &[Labels]) -> Result<Vec<u32>, ExecError> {
        self.tally.reserve(rows.len() * size_of::<u32>())?;
        let mut groups = Vec::with_capacity(rows.len());
        for labels in rows {
            groups.push(self.insert(labels)?);
        }
        Ok(groups)
    }

    /// The groups of many label sets, if their keys are known.
    pub(crate) fn find_all(&mut self, rows: &[Labels]) -> Result<Vec<Option<u32>>, ExecError> {
        self.tally.reserve(rows.len() * size_of::<Option<u32>>())?;
        let mut groups = Vec::with_capacity(rows.len());
        for labels in rows {
            self.tally.add(0)?;
            groups.push(self.find(labels));
        }
        Ok(groups)
    }

    fn find(&self, labels: &Labels) -> Option<u32> {
        self.find_hashed(hash_key(&self.hasher, self.key, labels), labels)
    }

    fn find_hashed(&self, hash: u32, labels: &Labels) -> Option<u32> {
        let same =
            |slot: &Slot| slot.hash == hash && same_key(self.key, &self.keys[slot.group as usize], labels);
        self.table.find(Slot::spread(hash), same).map(|slot| slot.group)
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key of each group; and what they and the groups of rows take.
    pub(crate) fn finish(self) -> Result<(Aside<Vec<Labels>>, Held), ExecError> {
        Ok((self.keys, self.tally.finish()?))
    }
}

/// As few rows are compared with each other.
const FEW_ROWS: usize = 4;
/// What a row takes in the table by which equal rows are found.
const TABLE_BYTES: usize = 2 * (size_of::<Slot>() + 1);

/// Whether no two rows have equal labels: so it mostly is, and groups need not be made then.
pub(crate) fn all_differ(rows: &[Labels], cx: &Cx<'_>) -> Result<bool, ExecError> {
    if rows.len() <= FEW_ROWS {
        return Ok((1..rows.len()).all(|i| !rows[..i].contains(&rows[i])));
    }
    let _held = cx.hold(rows.len().saturating_mul(TABLE_BYTES))?;
    let hasher = RandomState::default();
    let mut table = HashTable::with_capacity(rows.len());
    for (i, labels) in rows.iter().enumerate() {
        if i % 4096 == 0 {
            cx.check()?;
        }
        let hash = hash_labels(&hasher, labels.iter());
        let same = |slot: &Slot| slot.hash == hash && rows[slot.group as usize] == *labels;
        if table.find(Slot::spread(hash), same).is_some() {
            return Ok(false);
        }
        let group = u32::try_from(i).expect("invariant: max_series keeps rows below 2^32");
        table.insert_unique(Slot::spread(hash), Slot { hash, group }, |slot| Slot::spread(slot.hash));
    }
    Ok(true)
}

fn hash_key(hasher: &RandomState, key: &KeyLabels, labels: &Labels) -> u32 {
    hash_labels(hasher, key.iter(labels))
}

fn hash_labels(hasher: &RandomState, labels: impl Iterator<Item = Label>) -> u32 {
    let mut state = hasher.build_hasher();
    labels.for_each(|label| state.write_u64((label.name.index() as u64) << 32 | label.value.index() as u64));
    (state.finish() >> 32) as u32
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
        let store = promqlite_storage::MemStore::new();
        let cx = Cx::for_tests(&store);
        let groups = Groups::by_key(&rows, &KeyLabels::on(&["a", "zz"], &symbols), &cx).expect("no limit");
        assert_eq!(groups.of_row, [0, 1, 0]);
        assert_eq!(groups.keys[1].display(&symbols), r#"{a="2"}"#);
        let without = Groups::by_key(&rows, &KeyLabels::except(&["a"], &symbols), &cx).expect("no limit");
        assert_eq!(without.of_row, [0, 0, 1]);
        assert_eq!(Groups::by_labels(&rows, &cx).expect("no limit").len(), 3);
    }

    #[test]
    fn equal_labels_are_found() {
        let symbols = Symbols::new();
        let store = promqlite_storage::MemStore::new();
        let cx = Cx::for_tests(&store);
        for n in [0, 1, 2, FEW_ROWS, FEW_ROWS + 1, 1000] {
            let mut rows: Vec<Labels> = (0..n)
                .map(|i| Labels::new(&symbols, [("a", &*(i / 7).to_string()), ("b", &*(i % 7).to_string())]))
                .collect();
            assert!(all_differ(&rows, &cx).expect("no limit"));
            if n > 1 {
                rows[n - 1] = rows[0].clone();
                assert!(!all_differ(&rows, &cx).expect("no limit"));
            }
        }
    }
}
