//! Where series come from: the [`Storage`] trait, an in-memory store, merged stores, a conformance suite.
//!
//! Storage knows series, samples and matchers. It never sees function names.

mod bits;
pub mod conformance;
mod mem;
mod merged;
mod select;

pub use mem::{AppendSummary, Appended, MemStore, SeriesId};
pub use merged::{MergedStore, MergedStoreBuilder};
pub use select::{
    Metadata, MetricKind, ReadStats, SelectHints, SelectRequest, Selection, Storage, StorageError,
};
