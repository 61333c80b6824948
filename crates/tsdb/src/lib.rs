//! Prometheus data directories: blocks, head chunks and WAL, read only; block writing.

mod block;
pub mod bytes;
pub mod chunk;
mod error;
mod index;
mod tombstones;
pub mod wal;

pub use block::{
    Block, BlockDesc, BlockInfo, BlockMeta, BlockStats, BlockStore, Compaction, Downsample, OpenOptions,
    Thanos,
};
pub use chunk::Encoding;
pub use error::{Malformed, TsdbError};
pub use tombstones::Tombstones;
