//! Data of scripts as blocks of Prometheus.

mod same;

use std::sync::Arc;

use promqlite::{MemStore, Storage, TimeRange, Timestamp};
use promqlite_tsdb::{BlockStore, DataDir, OpenOptions, WriteOptions, write_blocks};
use tempfile::TempDir;

/// Blocks are as long as those of the storage under which Prometheus runs its scripts: what is in one stretch of
/// them can share a chunk.
const BLOCK_MS: i64 = 24 * 60 * 60 * 1000;

/// What a store holds, written as blocks and opened again. The folder goes with it.
pub(crate) struct Blocks {
    storage: Arc<dyn Storage>,
    _folder: TempDir,
}

impl Blocks {
    /// Writes all of `store`.
    pub(crate) fn of(store: &MemStore) -> Self {
        let folder = TempDir::new().expect("a folder for blocks");
        let options =
            WriteOptions { block_ms: BLOCK_MS, start_times: true, ..WriteOptions::new(Timestamp(0)) };
        let range = store.time_range().unwrap_or(TimeRange::new(0, 0));
        let written =
            write_blocks(folder.path(), store, &[], range, &options).expect("blocks can be written");
        let storage: Arc<dyn Storage> = if written.is_empty() {
            Arc::new(BlockStore::new(Vec::new()))
        } else {
            let options = OpenOptions { strict: true, ..OpenOptions::default() };
            DataDir::open(folder.path(), &options).expect("blocks can be opened").storage()
        };
        same::assert_same(store, &*storage, BLOCK_MS);
        Self { storage, _folder: folder }
    }

    /// The blocks as a store.
    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }
}
