//! What readers share: where they are, what they may do, and what they have noticed.

use crate::error::{FormatError, LineError};
use crate::text::read::{ReadOptions, ReadSummary, Source};

/// One file being read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    /// The file.
    pub(crate) source: Source<'a>,
    /// How it is to be read.
    pub(crate) options: &'a ReadOptions,
    /// What was remarkable so far.
    pub(crate) summary: ReadSummary,
}

impl<'a> Reading<'a> {
    /// A file at its start.
    pub(crate) fn new(source: Source<'a>, options: &'a ReadOptions) -> Self {
        Self { source, options, summary: ReadSummary::default() }
    }

    /// Fails, or counts a skipped line or value in lenient mode.
    #[cold]
    pub(crate) fn fault(&mut self, error: FormatError) -> Result<(), FormatError> {
        if !self.options.lenient {
            return Err(error);
        }
        self.summary.skip(&error);
        Ok(())
    }

    /// A fault in a line of text.
    #[cold]
    pub(crate) fn line_fault(
        &mut self,
        error: LineError,
        number: u64,
        line: &[u8],
    ) -> Result<(), FormatError> {
        self.fault(error.locate(self.source.file, number, line))
    }

    /// The error for a record that starts at this line.
    pub(crate) fn record_error(&self, line: u64, message: impl Into<String>) -> FormatError {
        FormatError::Record { file: self.source.file.to_owned(), line, message: message.into() }
    }

    /// Keeps a warning, once.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.summary.warnings.contains(&text) {
            self.summary.warnings.push(text);
        }
    }

    /// The time of a sample that has none.
    pub(crate) fn default_time(&mut self) -> Option<i64> {
        let time = self.options.default_time_ms?;
        self.summary.untimed += 1;
        Some(time)
    }
}

/// What is said of samples without a time when none was given.
pub(crate) const NO_TIME: &str = "the sample has no timestamp, and no time was given for such samples";
