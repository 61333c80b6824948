//! What can go wrong with a data directory.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use promqlite_storage::StorageError;

/// Bytes that do not follow their format; known before it is known which file they are from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct Malformed {
    /// Where, in bytes from the start of what was being read.
    pub offset: u64,
    /// What is wrong there.
    pub message: Cow<'static, str>,
}

impl Malformed {
    /// Says what is wrong at `offset`.
    #[must_use]
    pub fn new(offset: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self { offset: offset as u64, message: message.into() }
    }

    /// The same problem as seen from `by` bytes further up.
    #[must_use]
    pub fn moved(self, by: usize) -> Self {
        Self { offset: self.offset.saturating_add(by as u64), ..self }
    }

    /// The error of reading `path`.
    #[must_use]
    pub fn in_file(self, path: &Path) -> TsdbError {
        TsdbError::Corrupt { path: path.to_owned(), offset: self.offset, message: self.message }
    }
}

/// Why a data directory, a block or one of their files could not be read, or a block not be written.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TsdbError {
    /// The file system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as in "open".
        action: &'static str,
        /// Why it failed.
        source: Arc<io::Error>,
    },
    /// Data is damaged.
    #[error("{}: {message} at byte {offset}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where in the file, in bytes from its start.
        offset: u64,
        /// What is wrong there.
        message: Cow<'static, str>,
    },
    /// Sound data of a kind that is not read or not written here.
    #[error("{}: {message}", path.display())]
    Unsupported {
        /// The file or folder.
        path: PathBuf,
        /// What it is, and what to do.
        message: Cow<'static, str>,
    },
    /// What was to be written is there already; nothing was changed.
    #[error("{}: already exists, and blocks are never overwritten", path.display())]
    Exists {
        /// The file or folder.
        path: PathBuf,
    },
    /// [`OpenOptions::cancel`](crate::OpenOptions::cancel) was set while data was opened.
    #[error("opening was cancelled")]
    Cancelled,
    /// The store that a block was to be written from failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl TsdbError {
    /// The error of trying to `action` on `path`.
    #[must_use]
    pub fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, source: Arc::new(source) }
    }

    /// Whether data is damaged, so that other data may still be of use.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt { .. })
    }

    /// The error of data that is sound, but of no use here.
    #[must_use]
    pub fn unsupported(path: &Path, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Unsupported { path: path.to_owned(), message: message.into() }
    }
}

impl From<TsdbError> for StorageError {
    fn from(error: TsdbError) -> Self {
        match error {
            TsdbError::Io { path, action, source } => Self::Io {
                context: format!("{}: cannot {action}", path.display()),
                message: source.to_string(),
            },
            TsdbError::Corrupt { path, offset, message } => Self::Corrupt {
                context: format!("{} at byte {offset}", path.display()),
                message: message.into_owned(),
            },
            TsdbError::Storage(error) => error,
            other => Self::Other(other.to_string()),
        }
    }
}
