//! What can go wrong with a file.

use std::fmt;
use std::io;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file could not be opened or read.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The compressed data is damaged or ends early.
    #[error("{file}: damaged {compression} data: {message}")]
    Compression {
        /// The file.
        file: String,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The text is not what its format asks for.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// Column, from 1, counted in characters.
        column: u64,
        /// What was expected and a short excerpt of what stands there.
        message: String,
    },
    /// A record of a line-based file is not what its format asks for.
    #[error("{file}:{line}: {message}")]
    Record {
        /// The file.
        file: String,
        /// Line on which the record starts, from 1.
        line: u64,
        /// What is wrong and what to do.
        message: String,
    },
    /// The content is not what its format asks for, at no place in particular.
    #[error("{file}: {message}")]
    Content {
        /// The file.
        file: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A binary file is damaged, or not of its format.
    #[error("{file}: at byte {offset}: {message}")]
    Binary {
        /// The file.
        file: String,
        /// Offset in the unpacked content, from 0.
        offset: u64,
        /// What is wrong.
        message: String,
    },
    /// A saved API response that reports an error instead of data.
    #[error("{file}: the saved response is an error ({error_type}): {message}")]
    ErrorResponse {
        /// The file.
        file: String,
        /// Prometheus' error type, such as `bad_data`.
        error_type: String,
        /// The response's own message.
        message: String,
    },
    /// The content belongs to no known format.
    #[error(
        "{file}: unknown format: neither Prometheus text, OpenMetrics or protobuf, a promtool dump, a saved API \
         response, VictoriaMetrics' JSON lines, OTLP JSON, Grafana's data frames nor line protocol; name the \
         format if it is one of these, or if it is CSV"
    )]
    Unrecognised {
        /// The file.
        file: String,
    },
    /// A Prometheus data directory, which this crate does not read.
    #[error("{path}: this is a Prometheus data directory, not an exported file")]
    DataDirectory {
        /// The directory.
        path: String,
    },
    /// A glob pattern that is malformed.
    #[error("{pattern}: bad pattern: {message}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// A pattern or a directory that no readable file belongs to.
    #[error("{input}: no file found that could be loaded")]
    NoFiles {
        /// The pattern or directory.
        input: String,
    },
    /// The standard input was asked for where only the caller can give it.
    #[error("-: standard input must be passed as a reader")]
    StandardInput,
    /// Loading was cancelled.
    #[error("loading was cancelled")]
    Cancelled,
}

/// A fault in one line of text; the reader adds file and line number.
#[derive(Debug)]
pub(crate) struct LineError {
    /// Byte offset in the line.
    pub(crate) at: usize,
    /// What is wrong; what stands at `at` is added when `show_found` is set.
    pub(crate) message: String,
    /// Whether the message goes on with `, found …`.
    pub(crate) show_found: bool,
}

impl LineError {
    /// `expected …, found …`
    pub(crate) fn expected(at: usize, what: &str) -> Self {
        Self { at, message: format!("expected {what}"), show_found: true }
    }

    /// A message that stands for itself.
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), show_found: false }
    }

    /// The error with its place.
    pub(crate) fn locate(self, file: &str, line_number: u64, line: &[u8]) -> FormatError {
        let at = self.at.min(line.len());
        let column = String::from_utf8_lossy(&line[..at]).chars().count() as u64 + 1;
        let message = if self.show_found {
            format!("{}, found {}", self.message, Excerpt(&line[at..]))
        } else {
            self.message
        };
        FormatError::Syntax { file: file.to_owned(), line: line_number, column, message }
    }
}

/// The first word of what was found, quoted; a few characters of it at most.
struct Excerpt<'a>(&'a [u8]);

const EXCERPT_CHARS: usize = 24;

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the end of the line");
        }
        let head = String::from_utf8_lossy(&self.0[..self.0.len().min(4 * EXCERPT_CHARS)]);
        let word_end = head.find([' ', '\t']).filter(|&end| end > 0).unwrap_or(head.len());
        let word: String = head[..word_end].chars().take(EXCERPT_CHARS).collect();
        let dots = if word.len() < word_end { "…" } else { "" };
        write!(f, "{}{dots}", promqlite_model::quote(&word))
    }
}
