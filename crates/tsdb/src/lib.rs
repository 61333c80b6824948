//! Prometheus data directories: blocks, head chunks and WAL, read only; block writing.

pub mod bytes;
mod error;

pub use error::{Malformed, TsdbError};
