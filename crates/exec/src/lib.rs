//! Runs logical plans: vectorised operators over batches, limits, cancellation, statistics.
//!
//! [`execute`] is the whole interface. An operator is opened first, which yields its output series; then any
//! thread reads any range of rows as a batch of series × steps.

mod block;
mod budget;
mod build;
mod collect;
mod context;
mod error;
mod operator;
mod ops;
mod run;

pub use context::{Cancel, ExecOptions, Limits, Stats};
pub use error::{ExecError, Phase};
pub use run::{Output, execute};
