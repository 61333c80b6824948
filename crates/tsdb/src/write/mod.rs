//! Writing blocks that Prometheus, Thanos, Mimir and this program read.

mod chunk_files;
mod folder;
mod index_file;
mod ulid;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use promqlite_model::{Matcher, SampleBuf, Symbols, TimeRange, Timestamp};
use promqlite_storage::{SelectRequest, Selection, Storage, StorageError};
use rayon::prelude::*;

use crate::block::{BLOCK_MS, BlockMeta, BlockStats, Compaction};
use crate::chunk::{self, EncodedChunk, Encoding};
use crate::dir::DirKind;
use crate::error::TsdbError;
use crate::index::ChunkMeta;
use crate::tombstones::Tombstones;
use chunk_files::ChunkFiles;
use folder::NewFolder;
use index_file::IndexedSeries;
use ulid::Ulid;

pub(crate) use ulid::is_ulid;

/// Writes nothing but an index, for tests of its reader.
#[cfg(test)]
pub(crate) fn write_index(
    path: &Path,
    series: &[(&promqlite_model::Labels, &[ChunkMeta])],
    symbols: &Symbols,
) -> Result<(), TsdbError> {
    let series: Vec<_> = series.iter().map(|&(labels, chunks)| IndexedSeries { labels, chunks }).collect();
    index_file::write(path, &series, symbols)
}

/// Series whose chunks are made, on all threads, before they are written.
const SHARE: usize = 1024;

/// How blocks are written.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The time that the blocks' names tell as that of their creation: now, usually.
    pub created: Timestamp,
    /// Length of the blocks in ms; each begins and ends at a multiple of it. Two hours by default.
    pub block_ms: i64,
    /// Whether start timestamps are kept, in encodings that only recent versions of Prometheus read. Off by
    /// default.
    pub start_times: bool,
}

impl WriteOptions {
    /// Blocks of two hours, created at `created`.
    #[must_use]
    pub fn new(created: Timestamp) -> Self {
        Self { created, block_ms: BLOCK_MS, start_times: false }
    }
}

/// A block that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenBlock {
    /// Its folder.
    pub path: PathBuf,
    /// What it says about itself.
    pub meta: BlockMeta,
    /// What the store warned of while it was read for this block, such as damage that was left out.
    pub warnings: Vec<String>,
}

/// Writes the samples of a store that pass `matchers` and lie in `range` as blocks into folder `data`, the oldest
/// first. Stretches of time without samples have no block.
///
/// Each block is built under another name, brought to the disk and renamed at the end, so that a crash leaves
/// whole blocks or what readers pass over. A block that is there already is never touched.
///
/// # Errors
/// When `data` is a block itself, when the store or the file system fails, and when the store has nothing but warnings.
/// Blocks that were finished before stay.
pub fn write_blocks(
    data: &Path,
    storage: &dyn Storage,
    matchers: &[Matcher],
    range: TimeRange,
    options: &WriteOptions,
) -> Result<Vec<WrittenBlock>, TsdbError> {
    if options.block_ms <= 0 {
        return Err(TsdbError::unsupported(data, "blocks must be longer than 0 ms"));
    }
    if data.is_dir() && DirKind::of(data)? == Some(DirKind::Block) {
        return Err(TsdbError::unsupported(
            data,
            "this folder is a block; give the folder that holds blocks",
        ));
    }
    let mut ulid = Ulid::new(options.created);
    let mut written = Vec::new();
    for window in windows(storage, matchers, range, options.block_ms)? {
        let selection = storage.select(&SelectRequest::new(matchers, window))?;
        let source = Source { selection: &*selection, symbols: storage.symbols(), window };
        written.push(write_block(data, &source, ulid, options)?);
        ulid = ulid.next();
    }
    Ok(written)
}

/// The parts of `range`, cut at multiples of `block_ms`, that hold samples.
fn windows(
    storage: &dyn Storage,
    matchers: &[Matcher],
    range: TimeRange,
    block_ms: i64,
) -> Result<Vec<TimeRange>, TsdbError> {
    let selection = storage.select(&SelectRequest::new(matchers, range))?;
    let mut numbers = BTreeSet::new();
    let mut buf = SampleBuf::default();
    for i in 0..selection.len() {
        let mut times = selection.samples(i, range, &mut buf)?.times;
        while let Some(first) = times.first() {
            let number = first.div_euclid(block_ms);
            numbers.insert(number);
            times = &times[times.partition_point(|t| t.div_euclid(block_ms) <= number)..];
        }
    }
    if let (true, Some(warning)) = (numbers.is_empty(), selection.warnings().into_iter().next()) {
        return Err(StorageError::Other(format!("there are no samples to write: {warning}")).into());
    }
    let window = |number: i64| {
        // The first and the last stretch of all reach beyond 64 bits.
        let start = i128::from(number) * i128::from(block_ms);
        let ms = |t: i128| t.clamp(range.start.0.into(), range.end.0.into()) as i64;
        TimeRange::new(ms(start), ms(start + i128::from(block_ms) - 1))
    };
    Ok(numbers.into_iter().map(window).collect())
}

/// What goes into one block.
struct Source<'a> {
    selection: &'a dyn Selection,
    symbols: &'a Symbols,
    window: TimeRange,
}

/// A series whose chunks are written.
struct Stored {
    /// Its number in the selection.
    row: usize,
    chunks: Vec<ChunkMeta>,
}

fn write_block(
    data: &Path,
    source: &Source<'_>,
    ulid: Ulid,
    options: &WriteOptions,
) -> Result<WrittenBlock, TsdbError> {
    let ulid = ulid.to_string();
    let folder = NewFolder::create(data, &ulid)?;
    let mut stats = BlockStats::default();
    let stored = write_chunks(&folder.unfinished().join("chunks"), source, options, &mut stats)?;
    let series: Vec<IndexedSeries<'_>> = stored
        .iter()
        .map(|s| IndexedSeries { labels: source.selection.labels(s.row), chunks: &s.chunks })
        .collect();
    index_file::write(&folder.unfinished().join("index"), &series, source.symbols)?;
    folder.write("tombstones", &Tombstones::default().write())?;

    let chunks = || stored.iter().flat_map(|s| &s.chunks);
    let min_time = chunks().map(|c| c.min_ms).min().unwrap_or(source.window.start.0);
    let newest = chunks().map(|c| c.max_ms).max().unwrap_or(min_time);
    let max_time = newest.checked_add(1).ok_or_else(|| {
        TsdbError::unsupported(data, format!("a sample at {newest} ms is too late for a block"))
    })?;
    let compaction = Compaction { level: 1, sources: vec![ulid.clone()], ..Compaction::default() };
    let meta = BlockMeta { ulid, min_time, max_time, stats, compaction, version: 1, thanos: None };
    folder.write("meta.json", meta.to_json().as_bytes())?;
    Ok(WrittenBlock { path: folder.finish()?, meta, warnings: source.selection.warnings() })
}

/// Writes the chunks of all series that have samples, in the order of their labels.
fn write_chunks(
    folder: &Path,
    source: &Source<'_>,
    options: &WriteOptions,
    stats: &mut BlockStats,
) -> Result<Vec<Stored>, TsdbError> {
    let labels = |row: &usize| source.selection.labels(*row);
    let mut rows: Vec<usize> = (0..source.selection.len()).collect();
    rows.par_sort_by(|a, b| labels(a).compare(labels(b), source.symbols));
    let mut files = ChunkFiles::create(folder)?;
    let mut stored = Vec::new();
    for share in rows.chunks(SHARE) {
        let encoded: Result<Vec<Vec<EncodedChunk>>, TsdbError> = share
            .par_iter()
            .map_init(SampleBuf::default, |buf, &row| {
                let samples = source.selection.samples(row, source.window, buf)?;
                Ok(chunk::encode(&samples, options.start_times).collect())
            })
            .collect();
        for (&row, encoded) in share.iter().zip(encoded?) {
            if encoded.is_empty() {
                continue;
            }
            let mut chunks = Vec::with_capacity(encoded.len());
            for chunk in encoded {
                count(&chunk, stats);
                let reference = files.write(&chunk)?;
                chunks.push(ChunkMeta { min_ms: chunk.min_ms, max_ms: chunk.max_ms, reference });
            }
            stats.num_series += 1;
            stored.push(Stored { row, chunks });
        }
    }
    files.finish()?;
    Ok(stored)
}

fn count(chunk: &EncodedChunk, stats: &mut BlockStats) {
    let samples = chunk.samples as u64;
    stats.num_chunks += 1;
    stats.num_samples += samples;
    match chunk.encoding {
        Encoding::Xor | Encoding::Xor2 => stats.num_float_samples += samples,
        _ => stats.num_histogram_samples += samples,
    }
}
