//! What was found in a data directory.

use std::path::{Path, PathBuf};

use super::kind::DirKind;
use crate::block::BlockInfo;
use crate::head::HeadReport;

/// What was found in a data directory, and what was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct DirReport {
    /// The folder.
    pub path: PathBuf,
    /// What kind it is of.
    pub kind: DirKind,
    /// The blocks that are read, by ULID.
    pub blocks: Vec<BlockInfo>,
    /// What was passed over, by path.
    pub skipped: Vec<Skipped>,
    /// What is not in blocks yet; `None` for folders that have no head.
    pub head: Option<HeadReport>,
}

/// Something in a data directory that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file or folder.
    pub path: PathBuf,
    /// The kind of reason.
    pub reason: SkipReason,
    /// The reason in words.
    pub message: String,
}

/// Why something in a data directory is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// Another block was made from it.
    Replaced,
    /// A block without samples, marked to be deleted.
    Empty,
    /// A server's unfinished work.
    Temporary,
    /// What it holds is also elsewhere.
    Redundant,
    /// It was there when the folder was listed, and no more when it was opened.
    Vanished,
    /// It is damaged, incomplete or not to be read.
    Unreadable,
    /// It is of a kind that is not read here.
    Unsupported,
}

impl SkipReason {
    /// Whether samples may be missing for it.
    #[must_use]
    pub fn is_loss(self) -> bool {
        matches!(self, Self::Vanished | Self::Unreadable | Self::Unsupported)
    }
}

impl DirReport {
    pub(super) fn new(path: &Path, kind: DirKind) -> Self {
        Self { path: path.to_owned(), kind, blocks: Vec::new(), skipped: Vec::new(), head: None }
    }

    /// Sentences about what is missing, for users.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let skipped = self.skipped.iter().filter(|skipped| skipped.reason.is_loss()).map(|skipped| {
            // Messages of errors begin with the path of the file.
            let name = skipped.path.file_name().unwrap_or(skipped.path.as_os_str()).to_string_lossy();
            format!("block {name} is left out: {}", skipped.message)
        });
        skipped.chain(self.head.iter().flat_map(HeadReport::warnings)).collect()
    }
}
