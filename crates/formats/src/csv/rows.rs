//! Rows of fields: RFC 4180, or VictoriaMetrics' lines whose quoted fields are JSON strings.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use crate::error::FormatError;
use crate::text::read::Source;

/// Bytes of one row: far beyond any real one, so that a quote without an end cannot fill the memory.
pub(super) const MAX_ROW: usize = 16 << 20;

/// Where the rows come from.
pub(super) enum Rows<'a> {
    /// RFC 4180.
    Rfc { reader: csv::Reader<Box<dyn Read + 'a>>, since_row: Rc<Cell<usize>>, skipped_lines: u64 },
    /// One row per line.
    Lines { reader: Box<dyn BufRead + 'a>, number: u64, line: Vec<u8> },
}

impl<'a> Rows<'a> {
    /// Rows as RFC 4180 has them; `skipped_lines` stood above.
    pub(super) fn rfc(reader: impl Read + 'a, delimiter: u8, skipped_lines: u64) -> Self {
        let since_row = Rc::new(Cell::new(0));
        let counted: Box<dyn Read + 'a> = Box::new(Counted { reader, since_row: Rc::clone(&since_row) });
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(counted);
        Self::Rfc { reader, since_row, skipped_lines }
    }

    /// Rows as VictoriaMetrics writes them.
    pub(super) fn lines(reader: impl BufRead + 'a, skipped_lines: u64) -> Self {
        Self::Lines { reader: Box::new(reader), number: skipped_lines, line: Vec::new() }
    }

    /// Reads the next row into `row`; returns the number of its first line, or `None` at the end.
    pub(super) fn next(
        &mut self,
        source: Source<'_>,
        row: &mut csv::ByteRecord,
    ) -> Result<Option<u64>, FormatError> {
        match self {
            Self::Rfc { reader, since_row, skipped_lines } => {
                since_row.set(0);
                let line = reader.position().line() + *skipped_lines;
                match reader.read_byte_record(row) {
                    Ok(true) => Ok(Some(row.position().map_or(line, |p| p.line() + *skipped_lines))),
                    Ok(false) => Ok(None),
                    Err(e) => Err(csv_error(source, line, e)),
                }
            }
            Self::Lines { reader, number, line } => loop {
                line.clear();
                let read = reader.by_ref().take(MAX_ROW as u64).read_until(b'\n', line);
                *number += 1;
                if read.map_err(|e| source.io_error(e))? == 0 {
                    return Ok(None);
                }
                if line.len() == MAX_ROW {
                    return Err(too_long(source, *number));
                }
                let text = line.trim_ascii_end();
                if !text.is_empty() {
                    split_json_fields(text, row).map_err(|message| record(source, *number, message))?;
                    return Ok(Some(*number));
                }
            },
        }
    }
}

fn record(source: Source<'_>, line: u64, message: impl Into<String>) -> FormatError {
    FormatError::Record { file: source.file.to_owned(), line, message: message.into() }
}

fn too_long(source: Source<'_>, line: u64) -> FormatError {
    record(source, line, format!("the row is longer than {} MiB: a quote may be missing", MAX_ROW >> 20))
}

fn csv_error(source: Source<'_>, line: u64, error: csv::Error) -> FormatError {
    match error.into_kind() {
        csv::ErrorKind::Io(e) if e.get_ref().is_some_and(|e| e.is::<RowTooLong>()) => too_long(source, line),
        csv::ErrorKind::Io(e) => source.io_error(e),
        other => record(source, line, format!("{other:?}")),
    }
}

/// Splits at commas; a field that starts with a quote is a JSON string.
fn split_json_fields(line: &[u8], row: &mut csv::ByteRecord) -> Result<(), String> {
    row.clear();
    let mut rest = line;
    loop {
        let end = if rest.first() == Some(&b'"') {
            let end = string_len(rest).ok_or("a quoted field without an end")?;
            let text: String = serde_json::from_slice(&rest[..end])
                .map_err(|_| format!("{} is no JSON string", String::from_utf8_lossy(&rest[..end])))?;
            row.push_field(text.as_bytes());
            end
        } else {
            let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
            row.push_field(&rest[..end]);
            end
        };
        match rest.get(end) {
            None => return Ok(()),
            Some(b',') => rest = &rest[end + 1..],
            Some(_) => return Err("expected a comma behind a quoted field".to_owned()),
        }
    }
}

/// Length of the JSON string at the start, quotes included.
fn string_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Counts what is read for one row.
struct Counted<R> {
    reader: R,
    since_row: Rc<Cell<usize>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the row is too long")]
struct RowTooLong;

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > MAX_ROW {
            return Err(io::Error::other(RowTooLong));
        }
        let read = self.reader.read(buf)?;
        self.since_row.set(self.since_row.get() + read);
        Ok(read)
    }
}
