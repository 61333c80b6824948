//! Whole data directories: blocks and head as one store.

mod blocks;
mod kind;
mod report;
#[cfg(test)]
mod tests;
mod warned;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use promqlite_storage::{MergedStore, Storage};

use crate::block::{Block, BlockStore, OpenOptions};
use crate::chunk::Encoding;
use crate::error::TsdbError;
use crate::head::Head;
use blocks::FoundBlocks;
use warned::Warned;

pub use kind::{DirKind, is_data_directory};
pub use report::{DirReport, SkipReason, Skipped};

/// What Prometheus, Thanos, Mimir, Cortex or an agent keeps its samples in, open for reading.
///
/// Nothing in it is ever written, locked or repaired, and a running server may go on with it meanwhile.
///
/// Blocks are as [`BlockStore`] makes them one. The head is as [`Head::load`] tells, without the samples that in-order
/// blocks have. Where both have a sample of one series at one time, the block's stays.
///
/// ```no_run
/// use std::path::Path;
///
/// use promqlite_tsdb::{DataDir, OpenOptions};
///
/// let data = DataDir::open(Path::new("/var/lib/prometheus"), &OpenOptions::default())?;
/// println!("{} blocks, {:?}", data.report().blocks.len(), data.report().warnings());
/// let storage = data.storage();
/// # Ok::<(), promqlite_tsdb::TsdbError>(())
/// ```
pub struct DataDir {
    storage: Arc<dyn Storage>,
    blocks: Option<Arc<BlockStore>>,
    report: DirReport,
}

impl fmt::Debug for DataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataDir").field("report", &self.report).finish_non_exhaustive()
    }
}

impl DataDir {
    /// Opens the block, the blocks or the data directory at `path`.
    ///
    /// A block that cannot be read is left out, and so is the rest of a damaged segment; every query then has a
    /// warning. With [`OpenOptions::strict`] either is an error.
    ///
    /// # Errors
    /// When `path` is nothing of the kind, when it cannot be listed, when all of it is unreadable, and when
    /// [`OpenOptions::cancel`] is set meanwhile.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, TsdbError> {
        let kind = DirKind::of(path)?.ok_or_else(|| not_a_data_directory(path))?;
        let mut report = DirReport::new(path, kind);
        let found = match kind {
            DirKind::Block => {
                FoundBlocks { blocks: vec![Block::open(path, options)?], ..FoundBlocks::default() }
            }
            DirKind::Blocks | DirKind::Data | DirKind::Agent => FoundBlocks::find(path, options)?,
        };
        if kind == DirKind::Blocks && found.blocks.is_empty() {
            return Err(found.first_error.unwrap_or_else(|| not_a_data_directory(path)));
        }
        report.blocks = found.blocks.iter().map(Block::info).collect();
        report.skipped = found.skipped;
        let min_valid_ms = blocks::in_order_end(&found.blocks).unwrap_or(i64::MIN);
        let has_head = matches!(kind, DirKind::Data | DirKind::Agent);
        let head = has_head.then(|| Head::load_as(path, min_valid_ms, options)).transpose()?;

        let blocks = (!found.blocks.is_empty()).then(|| Arc::new(BlockStore::new(found.blocks)));
        let mut stores: Vec<Arc<dyn Storage>> = Vec::new();
        stores.extend(blocks.clone().map(|blocks| blocks as Arc<dyn Storage>));
        if let Some((store, head_report)) = head.map(Head::into_parts) {
            if head_report.samples > 0 || stores.is_empty() {
                stores.push(Arc::new(store));
            }
            report.head = Some(head_report);
        }
        let storage: Arc<dyn Storage> = match <[_; 1]>::try_from(stores) {
            Ok([only]) => only,
            Err(stores) => Arc::new(MergedStore::new(stores)),
        };
        Ok(Self { storage: Warned::wrap(storage, report.warnings()), blocks, report })
    }

    /// All of it as one store.
    #[must_use]
    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.storage)
    }

    /// What was found, and what was left out.
    #[must_use]
    pub fn report(&self) -> &DirReport {
        &self.report
    }

    /// The blocks, those with the greatest ULIDs first.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().flat_map(|blocks| blocks.blocks())
    }

    /// How many chunks of blocks and head there are of each encoding. Reads all chunks of all blocks.
    ///
    /// # Errors
    /// At the first chunk that is damaged.
    pub fn count_encodings(&self) -> Result<BTreeMap<Encoding, u64>, TsdbError> {
        let head = self.report.head.as_ref().map(|head| head.head_chunks.chunks.clone());
        let mut total = head.unwrap_or_default();
        for block in self.blocks() {
            for (encoding, count) in block.count_encodings()? {
                *total.entry(encoding).or_default() += count;
            }
        }
        Ok(total)
    }
}

fn not_a_data_directory(path: &Path) -> TsdbError {
    TsdbError::unsupported(
        path,
        "this is no data directory: it holds neither blocks nor a WAL. Give the folder that has `wal` or the blocks \
         in it, or the folder of one block",
    )
}
