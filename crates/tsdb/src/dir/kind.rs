//! What a folder is.

use std::path::Path;

use crate::error::TsdbError;
use crate::wal::entries;
use crate::write::is_ulid;

/// What kind of data directory a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DirKind {
    /// One block.
    Block,
    /// Blocks and nothing else: a snapshot, a copy of a Thanos bucket, a tenant of Mimir or Cortex.
    Blocks,
    /// The data directory of a Prometheus: blocks, and what is not in blocks yet.
    Data,
    /// The data directory of an agent: a WAL alone.
    Agent,
}

impl DirKind {
    /// The kind of `path`; `None` if it is no data directory.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn of(path: &Path) -> Result<Option<Self>, TsdbError> {
        let mut has_blocks = false;
        let (mut meta, mut index, mut wal, mut head) = (false, false, false, false);
        for (name, path) in entries(path)? {
            match &*name {
                "meta.json" => meta = true,
                "index" => index = path.is_file(),
                "wal" => wal = path.is_dir(),
                "chunks_head" | "wbl" => head |= path.is_dir(),
                name => has_blocks |= is_ulid(name) && path.is_dir(),
            }
        }
        Ok(match (meta && index, head, wal, has_blocks) {
            (true, ..) => Some(Self::Block),
            (_, true, ..) | (_, _, true, true) => Some(Self::Data),
            (_, _, true, false) => Some(Self::Agent),
            (_, _, _, true) => Some(Self::Blocks),
            _ => None,
        })
    }

    /// The kind in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Blocks => "folder of blocks",
            Self::Data => "Prometheus data directory",
            Self::Agent => "Prometheus agent directory",
        }
    }
}

/// Whether `path` is a folder that [`DataDir::open`](super::DataDir::open) would try to open.
#[must_use]
pub fn is_data_directory(path: &Path) -> bool {
    path.is_dir() && matches!(DirKind::of(path), Ok(Some(_)))
}
