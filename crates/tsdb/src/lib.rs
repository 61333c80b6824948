//! Prometheus data directories: blocks, head chunks and WAL, read only; block writing.

mod block;
pub mod bytes;
pub mod chunk;
mod dir;
mod error;
pub mod head;
mod index;
mod tombstones;
pub mod wal;
mod write;

pub use block::{
    Block, BlockDesc, BlockInfo, BlockMeta, BlockStats, BlockStore, Compaction, Downsample, OpenOptions,
    Thanos,
};
pub use chunk::Encoding;
pub use dir::{DataDir, DirKind, DirReport, SkipReason, Skipped, is_data_directory};
pub use error::{Malformed, TsdbError};
pub use tombstones::Tombstones;
pub use write::{WriteOptions, WrittenBlock, write_blocks};
