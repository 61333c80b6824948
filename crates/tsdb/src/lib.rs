//! Prometheus data directories: blocks, head chunks and WAL, read only; block writing.
//!
//! - [`DataDir`] opens whatever a path is: a data directory with head and WAL, a snapshot, one block, a folder of
//!   Thanos or Mimir blocks.
//! - [`BlockStore`] answers queries from blocks. It maps files and reads what a query needs.
//! - [`write_blocks`] writes what any store holds as blocks, which Prometheus, Thanos and Mimir read.
//! - [`chunk`] and [`bytes`] are the formats below that.
//!
//! A directory that is read is never written to, locked or repaired. Every length, count, offset and varint of a
//! file is checked before it is used, and every checksum is compared before what it covers is believed; errors name
//! file and byte.
//!
//! ```
//! use promqlite_model::{Matcher, TimeRange, Timestamp};
//! use promqlite_storage::{MemStore, SelectRequest, Storage};
//! use promqlite_tsdb::{BlockStore, OpenOptions, WriteOptions, write_blocks};
//!
//! let memory = MemStore::new();
//! memory.append(memory.series_of([("__name__", "up"), ("job", "api")]), 15_000, 1.0);
//! let data = tempfile::tempdir()?;
//! let now = Timestamp(1_800_000_000_000);
//! let written = write_blocks(data.path(), &memory, &[], TimeRange::ALL, &WriteOptions::new(now))?;
//!
//! let store = BlockStore::open(&written[0].path, &OpenOptions::default())?;
//! let matchers = [Matcher::equal("job", "api")];
//! assert_eq!(store.select(&SelectRequest::new(&matchers, TimeRange::ALL))?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
