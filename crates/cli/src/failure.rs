//! Everything that can end a command, and the exit code it ends with.

use std::io;
use std::process::ExitCode;

use promqlite::{QueryError, storage::StorageError};
use promqlite_formats::FormatError;
use promqlite_script::ScriptError;
use promqlite_tsdb::TsdbError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line asks for something that does not exist or does not go together.
    #[error("{0}")]
    Usage(String),
    /// A file could not be loaded.
    #[error(transparent)]
    Load(#[from] FormatError),
    /// A data directory could not be opened, or blocks could not be written.
    #[error(transparent)]
    Directory(#[from] TsdbError),
    /// A query has no result.
    #[error("{error}")]
    Query {
        /// Why.
        error: Box<QueryError>,
        /// The query.
        text: String,
    },
    /// The loaded data could not be looked through.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Reading or writing failed.
    #[error("{context}: {source}")]
    Io {
        /// What was being done.
        context: String,
        /// What the system said.
        source: io::Error,
    },
    /// A test script is not well-formed.
    #[error("{file}:{}: {error}", error.line())]
    Script {
        /// The script's path.
        file: String,
        /// What is wrong where.
        error: ScriptError,
    },
    /// Standard output could not be written.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// A query or data error.
pub(crate) const EXIT_FAILED: u8 = 1;
/// A wrong command line, or a file that cannot be read or written.
pub(crate) const EXIT_USAGE: u8 = 2;
/// A query that does not parse.
pub(crate) const EXIT_PARSE: u8 = 3;
/// An empty result, if the user wants to be told that way.
pub(crate) const EXIT_EMPTY: u8 = 4;
/// What Ctrl-C ended, as shells count it: 128 and the number of the signal.
pub(crate) const EXIT_INTERRUPTED: u8 = 130;

impl Failure {
    /// The failure of the query `text`.
    pub(crate) fn query(error: QueryError, text: &str) -> Self {
        Self::Query { error: Box::new(error), text: text.to_owned() }
    }

    /// A failed read or write of `context`.
    pub(crate) fn io(context: impl Into<String>, source: io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }

    /// Whether the reader of our output has gone away, which is none of the user's business.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The process' exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// The exit code as a number.
    pub(crate) fn code(&self) -> u8 {
        match self {
            _ if self.is_broken_pipe() => 0,
            Self::Query { error, .. } if error.diagnostic().is_some() => EXIT_PARSE,
            Self::Query { .. } | Self::Storage(_) | Self::Script { .. } => EXIT_FAILED,
            Self::Load(FormatError::Cancelled) => EXIT_INTERRUPTED,
            Self::Load(
                FormatError::Io { .. }
                | FormatError::NoFiles { .. }
                | FormatError::Pattern { .. }
                | FormatError::StandardInput,
            ) => EXIT_USAGE,
            Self::Directory(TsdbError::Io { .. }) => EXIT_USAGE,
            Self::Load(_) | Self::Directory(_) => EXIT_FAILED,
            Self::Usage(_) | Self::Io { .. } | Self::Output(_) => EXIT_USAGE,
        }
    }
}
