//! Prometheus data directories: blocks, head chunks and WAL, read only; block writing.

pub mod bytes;
pub mod chunk;
mod error;

pub use error::{Malformed, TsdbError};
