//! Which blocks of a folder count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::report::{SkipReason, Skipped};
use crate::block::{Block, BlockMeta, OpenOptions};
use crate::error::TsdbError;
use crate::wal::entries;
use crate::write::is_ulid;

/// So often is a folder listed again when blocks vanish while they are opened: their data is in another then.
const LISTINGS: usize = 3;

/// This external label tells which shard of a split compaction a block is, as `1_of_4`.
const SHARD_LABEL: &str = "__compactor_shard_id__";

/// Blocks that hold out-of-order or otherwise picked samples say nothing of how far the others reach.
const PARTIAL_HINTS: [&str; 3] = ["from-out-of-order", "from-stale-series", "from-selected-series"];

/// The blocks of a folder.
#[derive(Debug, Default)]
pub(super) struct FoundBlocks {
    pub(super) blocks: Vec<Block>,
    pub(super) skipped: Vec<Skipped>,
    /// Why the first unreadable block is.
    pub(super) first_error: Option<TsdbError>,
}

impl FoundBlocks {
    /// Opens the blocks in `folder`, but for those that another block replaces.
    pub(super) fn find(folder: &Path, options: &OpenOptions) -> Result<Self, TsdbError> {
        let mut found = Self::default();
        for _ in 0..LISTINGS {
            let (next, vanished) = Self::find_once(folder, options)?;
            found = next;
            if !vanished {
                break;
            }
        }
        found.drop_replaced();
        found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Opens all blocks; whether any vanished meanwhile.
    fn find_once(folder: &Path, options: &OpenOptions) -> Result<(Self, bool), TsdbError> {
        let mut found = Self::default();
        let mut vanished = false;
        let mut listing = entries(folder)?;
        listing.sort_unstable();
        for (name, path) in listing {
            options.go_on()?;
            if !is_ulid(&name) {
                found.skipped.extend(other_entry(&name, path));
            } else if path.is_dir() {
                vanished |= found.open(path, options)?;
            }
        }
        Ok((found, vanished))
    }

    /// Opens the block at `path`; whether it vanished.
    fn open(&mut self, path: PathBuf, options: &OpenOptions) -> Result<bool, TsdbError> {
        let error = match Block::open(&path, options) {
            Ok(block) if block.meta().compaction.deletable => {
                let message = "all of its samples were deleted".to_owned();
                self.skipped.push(Skipped { path, reason: SkipReason::Empty, message });
                return Ok(false);
            }
            Ok(block) => {
                self.blocks.push(block);
                return Ok(false);
            }
            Err(error) => error,
        };
        if !path.exists() {
            let message = "it vanished while it was opened".to_owned();
            self.skipped.push(Skipped { path, reason: SkipReason::Vanished, message });
            return Ok(true);
        }
        let reason = match error {
            _ if options.strict => return Err(error),
            TsdbError::Unsupported { .. } => SkipReason::Unsupported,
            _ => SkipReason::Unreadable,
        };
        self.skipped.push(Skipped { path, reason, message: error.to_string() });
        self.first_error.get_or_insert(error);
        Ok(false)
    }

    /// Leaves out the blocks that others were compacted from.
    fn drop_replaced(&mut self) {
        let replaced = replaced(self.blocks.iter().map(Block::meta));
        let (gone, kept) = std::mem::take(&mut self.blocks)
            .into_iter()
            .partition(|block| replaced.contains_key(&block.meta().ulid));
        self.blocks = kept;
        let gone: Vec<Block> = gone;
        self.skipped.extend(gone.iter().map(|block| Skipped {
            path: block.path().to_owned(),
            reason: SkipReason::Replaced,
            message: format!("block {} was made from it", replaced[&block.meta().ulid]),
        }));
    }
}

/// Entries beside blocks that are worth a word.
fn other_entry(name: &str, path: PathBuf) -> Option<Skipped> {
    let temporary = |suffix: &str| name.split_once(suffix).is_some_and(|(ulid, _)| is_ulid(ulid));
    let (reason, message) = if temporary(".tmp") {
        (SkipReason::Temporary, "a server is writing or deleting it, or was stopped while it did")
    } else if name.starts_with("chunk_snapshot.") {
        (SkipReason::Redundant, "the WAL has the same samples")
    } else {
        return None;
    };
    Some(Skipped { path, reason, message: message.to_owned() })
}

/// ULIDs of blocks whose samples other blocks have, each with one of those. A block that was split counts as replaced
/// when all shards are there.
fn replaced<'a>(blocks: impl Iterator<Item = &'a BlockMeta>) -> BTreeMap<String, String> {
    let mut replaced = BTreeMap::new();
    let mut shards: BTreeMap<(&str, u64), BTreeSet<u64>> = BTreeMap::new();
    for meta in blocks {
        let shard = meta.thanos.as_ref().and_then(|thanos| thanos.labels.get(SHARD_LABEL));
        let shard = shard.and_then(|shard| {
            let (number, of) = shard.split_once("_of_")?;
            Some((number.parse::<u64>().ok()?, of.parse::<u64>().ok()?))
        });
        for parent in meta.compaction.parents.iter().filter(|parent| parent.ulid != meta.ulid) {
            if let Some((number, of)) = shard {
                let present = shards.entry((&parent.ulid, of)).or_default();
                present.insert(number);
                if (present.len() as u64) < of {
                    continue;
                }
            }
            replaced.insert(parent.ulid.clone(), meta.ulid.clone());
        }
    }
    replaced
}

/// Where the in-order samples of blocks end: the head has what is later, in ms.
pub(super) fn in_order_end(blocks: &[Block]) -> Option<i64> {
    let partial = |meta: &BlockMeta| {
        meta.compaction.hints.iter().any(|hint| PARTIAL_HINTS.iter().any(|partial| hint == partial))
    };
    blocks.iter().map(Block::meta).filter(|meta| !partial(meta)).map(|meta| meta.max_time).max()
}
