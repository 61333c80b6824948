//! Interned label strings.

use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock, RwLock};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// An interned string. Equal strings of one [`Symbols`] table (and of the overlays on it) have equal symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

/// Marks symbols that an overlay added, so that one look decides which table to ask.
const OVERLAY: u32 = 1 << 31;

/// Strings that every table holds at the same place.
const WELL_KNOWN: [&str; 5] = ["", "__name__", "__type__", "__unit__", "le"];

impl Symbol {
    /// The empty string; a label with this value is absent.
    pub const EMPTY: Self = Self(0);
    /// `__name__`
    pub const NAME: Self = Self(1);
    /// `__type__`
    pub const TYPE: Self = Self(2);
    /// `__unit__`
    pub const UNIT: Self = Self(3);
    /// `le`
    pub const LE: Self = Self(4);

    /// Whether this is the name of a metadata label: `__name__`, `__type__` or `__unit__`.
    #[must_use]
    pub fn is_metadata(self) -> bool {
        (Self::NAME..=Self::UNIT).contains(&self)
    }

    /// A number that is unique in its table; dense from 0 for a table that is no overlay.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Parts of a table that threads may add to at the same time. Queries rarely add anything.
const SHARDS: usize = 16;
const OVERLAY_SHARDS: usize = 1;

/// An append-only table of interned strings. Any number of threads may intern and resolve at once.
///
/// A store owns one table; a query puts an *overlay* on it for the strings that it makes itself
/// (`label_replace`, `count_values`), which go when the query ends.
pub struct Symbols {
    base: Option<Arc<Symbols>>,
    /// Most queries make no strings, so an overlay sets nothing up before the first.
    own: OnceLock<Box<Strings>>,
    hasher: FixedState,
}

/// The strings that a table has itself.
struct Strings {
    list: boxcar::Vec<Box<str>>,
    shards: Box<[RwLock<HashTable<u32>>]>,
    bytes: std::sync::atomic::AtomicUsize,
}

impl Strings {
    fn new(shards: usize) -> Box<Self> {
        Box::new(Self {
            list: boxcar::Vec::new(),
            shards: (0..shards).map(|_| RwLock::new(HashTable::new())).collect(),
            bytes: std::sync::atomic::AtomicUsize::new(0),
        })
    }

    /// The shard of a hash, by bits that the shard's own table does not use.
    fn shard(&self, hash: u64) -> &RwLock<HashTable<u32>> {
        &self.shards[(hash >> 48) as usize % self.shards.len()]
    }

    /// The number of a string.
    fn find(&self, hash: u64, s: &str) -> Option<u32> {
        let table = self.shard(hash).read().expect("no holder panics");
        table.find(hash, |&id| &*self.list[id as usize] == s).copied()
    }
}

impl Default for Symbols {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Symbols {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Symbols").field("strings", &self.len()).finish_non_exhaustive()
    }
}

impl Symbols {
    /// A table with nothing but the well-known names.
    #[must_use]
    pub fn new() -> Self {
        // A fixed seed per process would invite hash flooding by label values; the address of a fresh
        // allocation is as much entropy as a hash map's own seed needs.
        let seed = foldhash::fast::RandomState::default().hash_one(0u64);
        let table = Self { base: None, own: OnceLock::new(), hasher: FixedState::with_seed(seed) };
        for s in WELL_KNOWN {
            table.intern(s);
        }
        table
    }

    /// A table that answers for all of `base` and keeps new strings to itself. `base` must not be an overlay.
    #[must_use]
    pub fn overlay(base: Arc<Symbols>) -> Self {
        assert!(base.base.is_none(), "invariant: overlays are one level deep");
        // The same hashes as below, so that each string is hashed once.
        let hasher = base.hasher.clone();
        Self { base: Some(base), own: OnceLock::new(), hasher }
    }

    /// The symbol of `s`, added if it is new.
    ///
    /// # Panics
    /// When the table already holds 2^31 strings.
    pub fn intern(&self, s: &str) -> Symbol {
        let Ok(symbol) = self.intern_if::<std::convert::Infallible>(s, || Ok(()));
        symbol
    }

    /// The symbol of `s`. If it is new, `may_add` is asked first.
    ///
    /// # Errors
    /// That of `may_add`; nothing is added then.
    ///
    /// # Panics
    /// When the table already holds 2^31 strings.
    pub fn intern_if<E>(&self, s: &str, may_add: impl FnOnce() -> Result<(), E>) -> Result<Symbol, E> {
        let hash = self.hasher.hash_one(s);
        if let Some(found) = self.base.as_ref().and_then(|base| base.find(hash, s)) {
            return Ok(found);
        }
        if let Some(found) = self.find(hash, s) {
            return Ok(found);
        }
        may_add()?;
        let shards = if self.base.is_some() { OVERLAY_SHARDS } else { SHARDS };
        let own = self.own.get_or_init(|| Strings::new(shards));
        let mut table = own.shard(hash).write().expect("no holder panics");
        if let Some(&id) = table.find(hash, |&id| &*own.list[id as usize] == s) {
            return Ok(self.symbol(id));
        }
        let id = u32::try_from(own.list.push(s.into())).expect("invariant: fewer than 2^31 strings");
        assert!(id < OVERLAY, "invariant: fewer than 2^31 strings");
        own.bytes.fetch_add(s.len() + 40, std::sync::atomic::Ordering::Relaxed);
        table.insert_unique(hash, id, |&id| self.hasher.hash_one(&*own.list[id as usize]));
        Ok(self.symbol(id))
    }

    /// The symbol of `s`, if the table has it.
    #[must_use]
    pub fn lookup(&self, s: &str) -> Option<Symbol> {
        let hash = self.hasher.hash_one(s);
        self.base.as_ref().and_then(|base| base.find(hash, s)).or_else(|| self.find(hash, s))
    }

    /// Looks a string up in this table alone.
    fn find(&self, hash: u64, s: &str) -> Option<Symbol> {
        self.own.get()?.find(hash, s).map(|id| self.symbol(id))
    }

    /// The string of `symbol`.
    ///
    /// # Panics
    /// When the symbol comes from another table.
    #[must_use]
    pub fn get(&self, symbol: Symbol) -> &str {
        match &self.base {
            Some(base) if symbol.0 & OVERLAY == 0 => base.get(symbol),
            _ => {
                let own = self.own.get().expect("invariant: the symbol is of this table");
                &own.list[(symbol.0 & !OVERLAY) as usize]
            }
        }
    }

    /// Number of strings in this table, without those of the table below it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.get().map_or(0, |own| own.list.count())
    }

    /// Whether this table itself holds no string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that this table's own strings take, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.own.get().map_or(0, |own| own.bytes.load(std::sync::atomic::Ordering::Relaxed))
    }

    fn symbol(&self, id: u32) -> Symbol {
        Symbol(if self.base.is_some() { id | OVERLAY } else { id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names_have_fixed_symbols() {
        let table = Symbols::new();
        assert_eq!(table.intern(""), Symbol::EMPTY);
        assert_eq!(table.intern("__name__"), Symbol::NAME);
        assert_eq!(table.intern("__unit__"), Symbol::UNIT);
        assert_eq!(table.intern("le"), Symbol::LE);
    }

    #[test]
    fn overlay_shares_the_base_and_keeps_its_own() {
        let base = Arc::new(Symbols::new());
        let job = base.intern("job");
        let overlay = Symbols::overlay(Arc::clone(&base));
        assert_eq!(overlay.intern("job"), job);
        let fresh = overlay.intern("fresh");
        assert_eq!(overlay.get(fresh), "fresh");
        assert_eq!(overlay.get(job), "job");
        assert_eq!(base.lookup("fresh"), None);
    }

    #[test]
    fn threads_agree_on_symbols() {
        let table = Symbols::new();
        let ids: Vec<Vec<Symbol>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1000).map(|i| table.intern(&format!("v{}", i % 97))).collect()))
                .collect();
            workers.into_iter().map(|w| w.join().unwrap()).collect()
        });
        assert!(ids.windows(2).all(|w| w[0] == w[1]));
        assert_eq!(table.len(), WELL_KNOWN.len() + 97);
    }
}
