//! Selected series of several blocks, and their samples.

use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use promqlite_model::{Labels, SampleBuf, Samples, Symbols, TimeRange};
use promqlite_storage::{ReadStats, Selection, StorageError, merge_samples};
use rayon::prelude::*;

use super::Block;
use super::left_out::{LeftOut, Place};
use super::replicas::stick_to_one;
use super::row::BlockRows;
use crate::chunk;
use crate::error::{Malformed, TsdbError};
use crate::index::ChunkMeta;
use crate::tombstones::keep_rest;

/// Series of blocks; equal label sets are one.
pub(super) struct BlockSelection {
    parts: Vec<Part>,
    rows: Vec<Row>,
    index_bytes: u64,
    counts: Counts,
    warnings: Vec<String>,
    left_out: Mutex<LeftOut>,
}

const LEFT_OUT_LOCK: &str = "invariant: no holder of what is left out panics";

/// What one block contributes.
struct Part {
    block: Arc<Block>,
    /// Which of the replicas it is from, in order of their labels.
    replica: u32,
    chunks: Vec<ChunkMeta>,
}

struct Row {
    labels: Labels,
    first: Source,
    others: Vec<Source>,
}

impl Row {
    fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// A series of a part.
#[derive(Clone, Copy)]
struct Source {
    part: u32,
    /// The series in the block's index.
    reference: u32,
    first_chunk: u32,
    chunks: u32,
}

#[derive(Default)]
struct Counts {
    chunks: AtomicU64,
    bytes: AtomicU64,
    samples: AtomicU64,
}

/// A chunk and the part that it is in.
#[derive(Clone, Copy)]
struct Piece {
    part: u32,
    reference: u32,
    chunk: ChunkMeta,
}

/// Collects the series of the blocks.
pub(super) struct Builder {
    selection: BlockSelection,
    by_labels: HashTable<u32>,
    hasher: RandomState,
}

impl Builder {
    pub(super) fn new(warnings: Vec<String>) -> Self {
        let selection = BlockSelection {
            parts: Vec::new(),
            rows: Vec::new(),
            index_bytes: 0,
            counts: Counts::default(),
            warnings,
            left_out: Mutex::default(),
        };
        Self { selection, by_labels: HashTable::new(), hasher: RandomState::default() }
    }

    /// Adds the series of a block. At equal times the samples of blocks that were added before stay.
    pub(super) fn add(&mut self, block: Arc<Block>, selected: BlockRows, resolved_bytes: u64) {
        let part = self.selection.parts.len() as u32;
        // The series of one index differ, unless external labels make them equal.
        let alone = part == 0 && block.external.is_empty();
        if !alone {
            self.index_rows();
        }
        let mut first_chunk = 0;
        for row in selected.rows {
            let source = Source { part, reference: row.reference, first_chunk, chunks: row.chunks };
            first_chunk += row.chunks;
            match if alone { None } else { self.find(&row.labels) } {
                Some(i) => self.selection.rows[i as usize].others.push(source),
                None => {
                    self.selection.rows.push(Row { labels: row.labels, first: source, others: Vec::new() });
                    if !alone {
                        self.index_rows();
                    }
                }
            }
        }
        let left_out = self.selection.left_out.get_mut().expect(LEFT_OUT_LOCK);
        for (reference, error) in &selected.damaged {
            left_out.add(Place::Series(part, *reference), error, || "a series is left out".to_owned());
        }
        self.selection.index_bytes += selected.bytes + resolved_bytes;
        self.selection.parts.push(Part { block, replica: 0, chunks: selected.chunks });
    }

    /// Tells of a block that adds nothing, since its index is damaged.
    pub(super) fn leave_out(&mut self, block: &Block, error: &TsdbError) {
        let name = block.path.file_name().unwrap_or(block.path.as_os_str()).to_string_lossy();
        self.selection.warnings.push(format!("{error}: block {name} is left out"));
    }

    fn find(&self, labels: &Labels) -> Option<u32> {
        let rows = &self.selection.rows;
        self.by_labels.find(self.hasher.hash_one(labels), |&i| rows[i as usize].labels == *labels).copied()
    }

    /// Makes the rows that were added since the last time known by their labels.
    fn index_rows(&mut self) {
        let rows = &self.selection.rows;
        for i in self.by_labels.len()..rows.len() {
            let hash = |i: u32| self.hasher.hash_one(&rows[i as usize].labels);
            let i = u32::try_from(i).expect("invariant: a selection has fewer than 2^32 series");
            self.by_labels.insert_unique(hash(i), i, |&i| hash(i));
        }
    }

    /// The series in Prometheus' order of labels, which decides in which order sums are formed.
    pub(super) fn finish(mut self, symbols: &Symbols) -> BlockSelection {
        let sorted = |a: &Row, b: &Row| a.labels.compare(&b.labels, symbols);
        self.number_replicas();
        if !self.selection.rows.is_sorted_by(|a, b| sorted(a, b).is_le()) {
            self.selection.rows.par_sort_by(sorted);
        }
        self.selection
    }
}

impl Builder {
    fn number_replicas(&mut self) {
        let parts = &mut self.selection.parts;
        let mut names: Vec<Arc<Block>> = parts.iter().map(|part| Arc::clone(&part.block)).collect();
        names.sort_by(|a, b| a.replica.cmp(&b.replica));
        names.dedup_by(|a, b| a.replica == b.replica);
        for part in parts {
            let number = names.partition_point(|name| name.replica < part.block.replica);
            part.replica = number as u32;
        }
    }
}

impl BlockSelection {
    fn part(&self, part: u32) -> &Part {
        &self.parts[part as usize]
    }

    fn chunks(&self, source: Source) -> &[ChunkMeta] {
        let start = source.first_chunk as usize;
        &self.part(source.part).chunks[start..start + source.chunks as usize]
    }

    /// The replicas that a row is from, ascending.
    fn replicas(&self, row: &Row) -> Vec<u32> {
        let mut replicas: Vec<u32> = row.sources().map(|source| self.part(source.part).replica).collect();
        replicas.sort_unstable();
        replicas.dedup();
        replicas
    }

    /// The chunks of a replica's row that may have samples in `range`, in order of their first samples; of chunks
    /// that begin at once, those of the blocks that were added first.
    fn pieces(&self, row: &Row, replica: u32, range: TimeRange) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for source in row.sources().filter(|source| self.part(source.part).replica == replica) {
            let wanted = |c: &&ChunkMeta| c.min_ms <= range.end.0 && range.start.0 <= c.max_ms;
            let piece = |&chunk| Piece { part: source.part, reference: source.reference, chunk };
            pieces.extend(self.chunks(*source).iter().filter(wanted).map(piece));
        }
        pieces.sort_by_key(|piece| (piece.chunk.min_ms, piece.part));
        pieces
    }

    fn read_row(&self, row: &Row, range: TimeRange, buf: &mut SampleBuf) -> Result<(), TsdbError> {
        let replicas = self.replicas(row);
        if let [replica] = replicas[..] {
            return self.read_replica(row, replica, range, buf);
        }
        let mut columns = vec![SampleBuf::default(); replicas.len()];
        for (replica, column) in replicas.into_iter().zip(&mut columns) {
            self.read_replica(row, replica, range, column)?;
        }
        stick_to_one(&columns.iter().map(SampleBuf::samples).collect::<Vec<_>>(), buf);
        Ok(())
    }

    fn read_replica(
        &self,
        row: &Row,
        replica: u32,
        range: TimeRange,
        buf: &mut SampleBuf,
    ) -> Result<(), TsdbError> {
        let mut done = Read::default();
        let pieces = self.pieces(row, replica, range);
        let mut from = 0;
        while from < pieces.len() {
            let overlapping = overlapping(&pieces, from);
            from = overlapping.end;
            match &pieces[overlapping] {
                [alone] => self.read_piece(alone, range, buf, &mut done)?,
                several => self.read_overlapping(several, range, buf, &mut done)?,
            }
        }
        self.counts.chunks.fetch_add(done.chunks, Ordering::Relaxed);
        self.counts.bytes.fetch_add(done.bytes, Ordering::Relaxed);
        self.counts.samples.fetch_add(done.samples, Ordering::Relaxed);
        Ok(())
    }

    /// Merges chunks that overlap in time; at equal times the samples of the block that was added first stay.
    fn read_overlapping(
        &self,
        pieces: &[Piece],
        range: TimeRange,
        buf: &mut SampleBuf,
        done: &mut Read,
    ) -> Result<(), TsdbError> {
        let mut by_part: Vec<&Piece> = pieces.iter().collect();
        by_part.sort_by_key(|piece| piece.part);
        let mut columns = Vec::with_capacity(pieces.len());
        for piece in by_part {
            let mut column = SampleBuf::default();
            self.read_piece(piece, range, &mut column, done)?;
            columns.push(column);
        }
        merge_samples(columns.iter().map(SampleBuf::samples).collect(), buf);
        Ok(())
    }

    /// Appends the samples of a chunk in `range`. A damaged one adds none, but a warning, unless that is an error.
    fn read_piece(
        &self,
        piece: &Piece,
        range: TimeRange,
        buf: &mut SampleBuf,
        done: &mut Read,
    ) -> Result<(), TsdbError> {
        let before = buf.len();
        match self.read_chunk(piece, range, buf, done) {
            Err(error) if self.part(piece.part).block.goes_on_after(&error) => {
                if buf.len() > before {
                    let mut sound = SampleBuf::default();
                    sound.extend(&buf.samples().slice(0..before));
                    *buf = sound;
                }
                let ChunkMeta { min_ms, max_ms, reference } = piece.chunk;
                let mut left_out = self.left_out.lock().expect(LEFT_OUT_LOCK);
                left_out.add(Place::Chunk(piece.part, reference), &error, || {
                    let seconds = |ms: i64| ms as f64 / 1000.0;
                    let (from, to) = (seconds(min_ms), seconds(max_ms));
                    format!("the samples of a series from {from} to {to} (Unix seconds) are left out")
                });
                Ok(())
            }
            done => done,
        }
    }

    fn read_chunk(
        &self,
        piece: &Piece,
        range: TimeRange,
        buf: &mut SampleBuf,
        done: &mut Read,
    ) -> Result<(), TsdbError> {
        let block = &self.part(piece.part).block;
        let raw = block.segments.chunk(piece.chunk.reference, block.index.path())?;
        done.chunks += 1;
        done.bytes += raw.bytes() as u64;
        // Nothing outside of what the index says, so that neighbours stay in order.
        let told = TimeRange::new(piece.chunk.min_ms, piece.chunk.max_ms);
        let within = TimeRange { start: range.start.max(told.start), end: range.end.min(told.end) };
        let decode = |buf: &mut SampleBuf| {
            chunk::decode(raw.encoding, raw.data, within, buf).map_err(|e| raw.corrupt(e))
        };
        let deleted = block.tombstones.of(u64::from(piece.reference));
        let count = if deleted.is_empty() {
            decode(buf)?
        } else {
            let mut all = SampleBuf::default();
            let count = decode(&mut all)?;
            keep_rest(&all.samples(), deleted, buf);
            count
        };
        if count == 0 {
            return Err(raw.corrupt(Malformed::new(0, "a chunk has no samples")));
        }
        done.samples += count as u64;
        Ok(())
    }
}

/// What was read for a row.
#[derive(Default)]
struct Read {
    chunks: u64,
    bytes: u64,
    samples: u64,
}

/// The pieces from `start` on that overlap in time, each with one before it.
fn overlapping(pieces: &[Piece], start: usize) -> Range<usize> {
    let mut newest = pieces[start].chunk.max_ms;
    let mut end = start + 1;
    while let Some(next) = pieces.get(end).filter(|next| next.chunk.min_ms <= newest) {
        newest = newest.max(next.chunk.max_ms);
        end += 1;
    }
    start..end
}

impl Selection for BlockSelection {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn labels(&self, i: usize) -> &Labels {
        &self.rows[i].labels
    }

    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        buf.clear();
        self.read_row(&self.rows[i], range, buf)?;
        Ok(buf.samples())
    }

    fn warnings(&self) -> Vec<String> {
        let left_out = self.left_out.lock().expect(LEFT_OUT_LOCK);
        self.warnings.iter().cloned().chain(left_out.warnings()).collect()
    }

    fn stats(&self) -> ReadStats {
        ReadStats {
            chunks: self.counts.chunks.load(Ordering::Relaxed),
            bytes: self.index_bytes + self.counts.bytes.load(Ordering::Relaxed),
            samples: self.counts.samples.load(Ordering::Relaxed),
        }
    }
}
