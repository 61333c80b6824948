//! Saved responses of the HTTP API, what `promtool query … -o json` prints, and VictoriaMetrics' JSON lines.
//!
//! All three are read by one walk that knows the keys, so that a response may be whole, cut down to its `data`
//! or its `result` (as people do with `jq`), and several documents may follow each other. At most the points of
//! one series are held at a time.

mod histogram;
mod item;
pub(crate) mod number;
mod walk;

use std::io::{self, Read};

use serde::de::DeserializeSeed;

use crate::error::FormatError;
use crate::json::walk::{Node, Walk};
use crate::sink::SampleSink;
use crate::text::read::{ReadOptions, ReadSummary, Source};

/// Reads all documents of a stream.
pub(crate) fn read_json<S: SampleSink>(
    source: Source<'_>,
    reader: impl Read,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    let mut walk = Walk::new(sink, options);
    let mut documents = serde_json::Deserializer::from_reader(io::BufReader::with_capacity(64 << 10, reader));
    // `end` looks for the next byte that is no blank and does not take it.
    while let Err(next) = documents.end() {
        if next.is_io() {
            return Err(source.io_error(next.into()));
        }
        let found = Node(&mut walk).deserialize(&mut documents);
        if let Some((error_type, message)) = walk.error_response.take() {
            return Err(FormatError::ErrorResponse { file: source.file.to_owned(), error_type, message });
        }
        found.map_err(|e| locate(source, e))?;
    }
    Ok(walk.finish())
}

/// The error with its place.
pub(crate) fn locate(source: Source<'_>, error: serde_json::Error) -> FormatError {
    if error.is_io() {
        return source.io_error(error.into());
    }
    let (line, column) = (error.line() as u64, error.column() as u64);
    let text = error.to_string();
    let message = match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    };
    FormatError::Syntax { file: source.file.to_owned(), line: line.max(1), column: column.max(1), message }
}
