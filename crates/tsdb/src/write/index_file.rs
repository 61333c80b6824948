//! Writing index files, version 2.

use std::path::Path;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use promqlite_model::{Label, Labels, Symbol, Symbols};

use super::folder::SyncedFile;
use crate::bytes::{crc, put_uvarint, put_varint};
use crate::error::TsdbError;
use crate::index::{ChunkMeta, MAGIC, SERIES_ALIGNMENT};

const VERSION: u8 = 2;
const POSTINGS_ALIGNMENT: u64 = 4;

/// A series to be put into an index.
pub(super) struct IndexedSeries<'a> {
    pub(super) labels: &'a Labels,
    pub(super) chunks: &'a [ChunkMeta],
}

/// Writes the index of `series`, which are in the order of their labels, down to the disk.
pub(super) fn write(path: &Path, series: &[IndexedSeries<'_>], symbols: &Symbols) -> Result<(), TsdbError> {
    let mut file = SyncedFile::create(path)?;
    file.write(&MAGIC)?;
    file.write(&[VERSION])?;
    let mut toc = Vec::new();
    let mut begin = |file: &SyncedFile| toc.extend(file.length().to_be_bytes());

    begin(&file);
    let ordinals = write_symbols(&mut file, series, symbols)?;
    file.align(SERIES_ALIGNMENT as u64)?;
    begin(&file);
    let postings = write_series(&mut file, series, &ordinals)?;
    // The label indexes; nobody reads them any more.
    begin(&file);
    let mut empty = Vec::new();
    empty.extend(0u32.to_be_bytes());
    begin(&file);
    write_section(&mut file, &empty)?;

    file.align(POSTINGS_ALIGNMENT)?;
    begin(&file);
    let table = write_postings(&mut file, &postings, symbols)?;
    begin(&file);
    write_section(&mut file, &table)?;

    let sum = crc(&toc);
    file.write(&toc)?;
    file.write(&sum.to_be_bytes())?;
    file.finish()
}

/// Writes all strings, sorted, and returns their ordinals.
fn write_symbols(
    file: &mut SyncedFile,
    series: &[IndexedSeries<'_>],
    symbols: &Symbols,
) -> Result<HashMap<Symbol, u32, RandomState>, TsdbError> {
    let mut used: Vec<Symbol> =
        series.iter().flat_map(|s| s.labels.iter().flat_map(|label| [label.name, label.value])).collect();
    used.sort_unstable();
    used.dedup();
    used.sort_unstable_by_key(|&symbol| symbols.get(symbol));
    let mut body = Vec::new();
    body.extend((used.len() as u32).to_be_bytes());
    for &symbol in &used {
        put_string(&mut body, symbols.get(symbol));
    }
    write_section(file, &body)?;
    Ok(used.into_iter().zip(0..).collect())
}

fn put_string(out: &mut Vec<u8>, string: &str) {
    put_uvarint(out, string.len() as u64);
    out.extend_from_slice(string.as_bytes());
}

/// Which series carry which label.
#[derive(Default)]
struct Postings {
    all: Vec<u32>,
    by_label: HashMap<Label, Vec<u32>, RandomState>,
}

fn write_series(
    file: &mut SyncedFile,
    series: &[IndexedSeries<'_>],
    ordinals: &HashMap<Symbol, u32, RandomState>,
) -> Result<Postings, TsdbError> {
    let mut postings = Postings::default();
    let (mut body, mut entry) = (Vec::new(), Vec::new());
    for one in series {
        file.align(SERIES_ALIGNMENT as u64)?;
        let reference = u32::try_from(file.length() / SERIES_ALIGNMENT as u64).map_err(|_| {
            TsdbError::unsupported(file.path(), "the index gets too large; write shorter blocks")
        })?;
        body.clear();
        put_uvarint(&mut body, one.labels.len() as u64);
        for label in one.labels.iter() {
            put_uvarint(&mut body, u64::from(ordinals[&label.name]));
            put_uvarint(&mut body, u64::from(ordinals[&label.value]));
            postings.by_label.entry(label).or_default().push(reference);
        }
        postings.all.push(reference);
        put_chunks(&mut body, one.chunks);
        entry.clear();
        put_uvarint(&mut entry, body.len() as u64);
        entry.extend_from_slice(&body);
        entry.extend(crc(&body).to_be_bytes());
        file.write(&entry)?;
    }
    Ok(postings)
}

fn put_chunks(body: &mut Vec<u8>, chunks: &[ChunkMeta]) {
    put_uvarint(body, chunks.len() as u64);
    let mut before: Option<&ChunkMeta> = None;
    for chunk in chunks {
        match before {
            None => {
                put_varint(body, chunk.min_ms);
                put_uvarint(body, chunk.max_ms.wrapping_sub(chunk.min_ms) as u64);
                put_uvarint(body, chunk.reference);
            }
            Some(before) => {
                put_uvarint(body, chunk.min_ms.wrapping_sub(before.max_ms) as u64);
                put_uvarint(body, chunk.max_ms.wrapping_sub(chunk.min_ms) as u64);
                put_varint(body, chunk.reference.wrapping_sub(before.reference) as i64);
            }
        }
        before = Some(chunk);
    }
}

/// Writes all lists of series and returns the table of their places.
fn write_postings(
    file: &mut SyncedFile,
    postings: &Postings,
    symbols: &Symbols,
) -> Result<Vec<u8>, TsdbError> {
    let mut labels: Vec<(&str, &str, &[u32])> = postings
        .by_label
        .iter()
        .map(|(label, list)| (symbols.get(label.name), symbols.get(label.value), list.as_slice()))
        .collect();
    labels.sort_unstable();
    // The list of all series goes by the empty name and value.
    labels.insert(0, ("", "", &postings.all));
    let mut table = Vec::new();
    table.extend((labels.len() as u32).to_be_bytes());
    let mut body = Vec::new();
    for (name, value, list) in labels {
        file.align(POSTINGS_ALIGNMENT)?;
        put_uvarint(&mut table, 2);
        put_string(&mut table, name);
        put_string(&mut table, value);
        put_uvarint(&mut table, file.length());
        body.clear();
        body.extend((list.len() as u32).to_be_bytes());
        body.extend(list.iter().flat_map(|reference| reference.to_be_bytes()));
        write_section(file, &body)?;
    }
    Ok(table)
}

/// Writes `u32 length | body | checksum`.
fn write_section(file: &mut SyncedFile, body: &[u8]) -> Result<(), TsdbError> {
    let length = u32::try_from(body.len()).map_err(|_| {
        TsdbError::unsupported(
            file.path(),
            "a section of the index gets longer than 4 GiB; write shorter blocks",
        )
    })?;
    file.write(&length.to_be_bytes())?;
    file.write(body)?;
    file.write(&crc(body).to_be_bytes())
}
