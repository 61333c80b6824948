//! Runs logical plans: vectorised operators over batches, limits, cancellation, statistics.
//!
//! [`execute`] is the whole interface, and [`analyze`], which measures on the way. An operator is opened first, which yields its output series; then any
//! thread reads any range of rows as a batch of series × steps.

mod aside;
mod block;
mod budget;
mod build;
mod collect;
mod context;
mod error;
mod measure;
mod morsels;
mod operator;
mod ops;
mod profile;
mod run;
mod spare;

pub use context::{Cancel, ExecOptions, Limits, Stats};
pub use error::{ExecError, Phase};
pub use profile::{Part, PartKind, Profile};
pub use run::{Output, analyze, execute, execute_each};
