//! Where series come from: the [`Storage`] trait, an in-memory store, merged stores, a conformance suite.
//!
//! Storage knows series, samples and matchers. It never sees function names.

mod mem;
mod select;

pub use mem::{AppendSummary, Appended, MemStore, SeriesId};
pub use select::{
    Metadata, MetricKind, ReadStats, SelectHints, SelectRequest, Selection, Storage, StorageError,
};
