//! Index files: which series a block has, and where their chunks are.
//!
//! Opening an index looks at its table of contents and walks its postings offset table; strings, lists and
//! series are read, and their checksums compared, when a query needs them.

mod resolve;
mod symbols;
mod table;
#[cfg(test)]
mod tests;
mod toc;

use promqlite_model::{Symbol, Symbols};

use crate::block::FileBytes;
use crate::bytes::Cursor;
use crate::error::{Malformed, TsdbError};
use symbols::SymbolTable;
use table::PostingsTable;
use toc::{Toc, Version};

pub(crate) use toc::MAGIC;

/// Series begin at multiples of so many bytes since version 2.
pub(crate) const SERIES_ALIGNMENT: usize = 16;

/// An open index file.
#[derive(Debug)]
pub(crate) struct Index {
    file: FileBytes,
    version: Version,
    symbols: SymbolTable,
    postings: PostingsTable,
}

/// A chunk as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkMeta {
    /// Time of its first sample in ms.
    pub(crate) min_ms: i64,
    /// Time of its last sample in ms.
    pub(crate) max_ms: i64,
    /// The number of its file, counted from 0, in the upper half; its place there in the lower one.
    pub(crate) reference: u64,
}

/// What the index says of a series; used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct SeriesEntry {
    /// References to the strings of its labels, sorted by name.
    pub(crate) labels: Vec<(u64, u64)>,
    /// Its chunks, in order of time.
    pub(crate) chunks: Vec<ChunkMeta>,
    /// Bytes that were read.
    pub(crate) bytes: usize,
}

impl Index {
    pub(crate) fn open(file: FileBytes) -> Result<Self, TsdbError> {
        let open = || {
            let toc = Toc::read(&file)?;
            let postings = PostingsTable::read(&file, toc.postings_table)?;
            Ok((toc.version, SymbolTable::new(toc.version, toc.symbols), postings))
        };
        let (version, symbols, postings) = open().map_err(|e| file.corrupt(e))?;
        Ok(Self { file, version, symbols, postings })
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.file.path()
    }

    /// Size of the file in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.file.len()
    }

    /// The references of all series, ascending.
    pub(crate) fn all_series(&self) -> Result<Vec<u32>, TsdbError> {
        self.postings
            .all()
            .map_or(Ok(Vec::new()), |at| self.read_postings(at))
            .map_err(|e| self.file.corrupt(e))
    }

    /// The chunks of the last series, without a walk over the list of all series; `None` if there is none.
    pub(crate) fn last_chunks(&self) -> Result<Option<Vec<ChunkMeta>>, TsdbError> {
        let last = || {
            let Some(at) = self.postings.all() else { return Ok(None) };
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            let mut cursor = Cursor::at(&self.file, at)?;
            let length = cursor.u32()? as usize;
            let body = cursor.take(length)?;
            // Series are looked at with their checksums, so that a wrong reference leads to none.
            let Some(reference) = body.get(4..).and_then(<[u8]>::last_chunk::<4>) else { return Ok(None) };
            let mut entry = SeriesEntry::default();
            self.read_series(u32::from_be_bytes(*reference), &mut entry)?;
            Ok(Some(entry.chunks))
        };
        last().map_err(|e: Malformed| self.file.corrupt(e))
    }

    /// The names of all labels, sorted.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.postings.names()
    }

    /// Calls `each` for all values of a label, sorted.
    pub(crate) fn for_each_value(&self, name: &str, mut each: impl FnMut(&str)) -> Result<(), TsdbError> {
        let walked = self.postings.for_each_value(&self.file, name, |value| each(value.value));
        walked.map_err(|e| self.file.corrupt(e))
    }

    /// Reads what the index says of a series into `entry`.
    pub(crate) fn series(&self, reference: u32, entry: &mut SeriesEntry) -> Result<(), TsdbError> {
        self.read_series(reference, entry).map_err(|e| self.file.corrupt(e))
    }

    /// The symbol of a label's string in the store's table, which must be the same one each time.
    pub(crate) fn intern(&self, string: u64, symbols: &Symbols) -> Result<Symbol, TsdbError> {
        self.symbols.intern(&self.file, string, symbols).map_err(|e| self.file.corrupt(e))
    }

    fn read_series(&self, reference: u32, entry: &mut SeriesEntry) -> Result<(), Malformed> {
        let at = match self.version {
            Version::V1 => reference as usize,
            Version::V2 => reference as usize * SERIES_ALIGNMENT,
        };
        let mut cursor = Cursor::at(&self.file, at)?;
        let body = cursor.prefixed()?;
        let start = cursor.position() - body.len();
        if crate::bytes::crc(body) != cursor.u32()? {
            return Err(Malformed::new(at, "the checksum of a series is wrong"));
        }
        entry.bytes = cursor.position() - at;
        entry.read(body).map_err(|e| e.moved(start))
    }

    /// The series of a postings list, ascending.
    fn read_postings(&self, at: u64) -> Result<Vec<u32>, Malformed> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let body = Cursor::at(&self.file, at)?.checked_section()?;
        let mut cursor = Cursor::new(body);
        let count = cursor.u32().map_err(|e| e.moved(at + 4))? as usize;
        let (series, rest) = cursor.rest().as_chunks::<4>();
        if series.len() != count || !rest.is_empty() {
            return Err(Malformed::new(at, format!("a list of {count} series takes {} bytes", body.len())));
        }
        let series: Vec<u32> = series.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect();
        if !series.is_sorted_by(|a, b| a < b) {
            return Err(Malformed::new(at, "a list of series does not ascend"));
        }
        Ok(series)
    }
}

impl SeriesEntry {
    fn read(&mut self, body: &[u8]) -> Result<(), Malformed> {
        self.labels.clear();
        self.chunks.clear();
        let mut cursor = Cursor::new(body);
        for _ in 0..cursor.count(2)? {
            self.labels.push((cursor.uvarint()?, cursor.uvarint()?));
        }
        if !self.labels.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(Malformed::new(0, "the labels of a series do not ascend"));
        }
        let count = cursor.count(3)?;
        let (mut last_ms, mut reference) = (0i64, 0i64);
        for i in 0..count {
            // All arithmetic wraps, as it does for the writer.
            let min_ms =
                if i == 0 { cursor.varint()? } else { last_ms.wrapping_add(cursor.uvarint()? as i64) };
            let max_ms = min_ms.wrapping_add(cursor.uvarint()? as i64);
            let delta = if i == 0 { cursor.uvarint()? as i64 } else { cursor.varint()? };
            reference = reference.wrapping_add(delta);
            if max_ms < min_ms {
                return Err(cursor.malformed("a chunk ends before it begins"));
            }
            self.chunks.push(ChunkMeta { min_ms, max_ms, reference: reference as u64 });
            last_ms = max_ms;
        }
        Ok(())
    }
}
