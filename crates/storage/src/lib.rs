//! Where series come from: the [`Storage`] trait, an in-memory store, merged stores, a conformance suite.
//!
//! Storage knows series, samples and matchers. It never sees function names.

mod select;

pub use select::{
    Metadata, MetricKind, ReadStats, SelectHints, Selection, SelectRequest, Storage, StorageError,
};
