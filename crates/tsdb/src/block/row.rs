//! The series that one block contributes to a selection.

use promqlite_model::{Label, Labels, Symbol, Symbols, TimeRange};
use rayon::prelude::*;

use super::Block;
use crate::error::TsdbError;
use crate::index::{ChunkMeta, SeriesEntry};

/// Series that one thread reads at a time.
const SHARE: usize = 1024;

/// Selected series of a block.
#[derive(Debug, Default)]
pub(super) struct BlockRows {
    pub(super) rows: Vec<BlockRow>,
    /// The chunks of all rows, one row after the other.
    pub(super) chunks: Vec<ChunkMeta>,
    /// Bytes of the index that were read.
    pub(super) bytes: u64,
    /// References of series that are damaged, and how.
    pub(super) damaged: Vec<(u32, TsdbError)>,
}

/// A selected series of a block.
#[derive(Debug)]
pub(super) struct BlockRow {
    pub(super) labels: Labels,
    /// The series in the index.
    pub(super) reference: u32,
    /// How many chunks it has in the range.
    pub(super) chunks: u32,
}

/// External labels as they are put on each series.
pub(super) struct External<'a> {
    /// Sorted by name.
    labels: Vec<(&'a str, Label)>,
}

impl<'a> External<'a> {
    pub(super) fn new(block: &'a Block, symbols: &Symbols) -> Self {
        let label = |(name, value): &'a (String, String)| {
            (name.as_str(), Label { name: symbols.intern(name), value: symbols.intern(value) })
        };
        Self { labels: block.external.iter().map(label).collect() }
    }

    /// Adds the labels to those of a series, which ascend by name; in place of those of the same names.
    fn put_on(&self, labels: &mut Vec<Label>, symbols: &Symbols) {
        for &(name, label) in &self.labels {
            match labels.binary_search_by(|own| symbols.get(own.name).cmp(name)) {
                Ok(i) => labels[i] = label,
                Err(i) => labels.insert(i, label),
            }
        }
        labels.retain(|label| label.value != Symbol::EMPTY);
    }
}

impl Block {
    /// The series with these references that have chunks in `range`, in order. With `newest_only` chunks that
    /// cannot hold the newest sample of their series in the range are left out.
    pub(super) fn rows(
        &self,
        references: &[u32],
        range: TimeRange,
        newest_only: bool,
        symbols: &Symbols,
    ) -> Result<BlockRows, TsdbError> {
        let external = External::new(self, symbols);
        let shares: Result<Vec<BlockRows>, TsdbError> = references
            .par_chunks(SHARE)
            .map(|share| {
                let mut rows = BlockRows::default();
                let mut entry = SeriesEntry::default();
                let mut labels = Vec::new();
                for &reference in share {
                    let (series, chunks) = (rows.rows.len(), rows.chunks.len());
                    match self.row(
                        reference,
                        (range, newest_only),
                        symbols,
                        &external,
                        &mut entry,
                        &mut labels,
                        &mut rows,
                    ) {
                        Err(error) if self.goes_on_after(&error) => {
                            rows.rows.truncate(series);
                            rows.chunks.truncate(chunks);
                            rows.damaged.push((reference, error));
                        }
                        done => done?,
                    }
                }
                Ok(rows)
            })
            .collect();
        let mut all = BlockRows::default();
        for mut share in shares? {
            all.rows.append(&mut share.rows);
            all.chunks.append(&mut share.chunks);
            all.bytes += share.bytes;
            all.damaged.append(&mut share.damaged);
        }
        Ok(all)
    }

    #[allow(clippy::too_many_arguments, reason = "the last three are memory that is used again")]
    fn row(
        &self,
        reference: u32,
        (range, newest_only): (TimeRange, bool),
        symbols: &Symbols,
        external: &External<'_>,
        entry: &mut SeriesEntry,
        labels: &mut Vec<Label>,
        rows: &mut BlockRows,
    ) -> Result<(), TsdbError> {
        self.index.series(reference, entry)?;
        rows.bytes += entry.bytes as u64;
        let before = rows.chunks.len();
        let wanted = |chunk: &&ChunkMeta| chunk.min_ms <= range.end.0 && range.start.0 <= chunk.max_ms;
        let deleted = self.tombstones.of(u64::from(reference));
        let left = |chunk: &&ChunkMeta| {
            !deleted.iter().any(|gone| gone.start.0 <= chunk.min_ms && chunk.max_ms <= gone.end.0)
        };
        rows.chunks.extend(entry.chunks.iter().filter(wanted).filter(left));
        if newest_only && deleted.is_empty() {
            keep_newest(&mut rows.chunks, before);
        }
        let chunks = (rows.chunks.len() - before) as u32;
        if chunks == 0 {
            return Ok(());
        }
        labels.clear();
        for &(name, value) in &entry.labels {
            let name = self.index.intern(name, symbols)?;
            let value = self.index.intern(value, symbols)?;
            if value != Symbol::EMPTY {
                labels.push(Label { name, value });
            }
        }
        external.put_on(labels, symbols);
        rows.rows.push(BlockRow { labels: Labels::from_sorted(labels), reference, chunks });
        Ok(())
    }
}

/// Drops the chunks from `from` on that end before the last one begins: that one has a sample in the range, or none of
/// them has.
fn keep_newest(chunks: &mut Vec<ChunkMeta>, from: usize) {
    let Some(begin) = chunks[from..].iter().map(|chunk| chunk.min_ms).max() else { return };
    let mut kept = from;
    for i in from..chunks.len() {
        if chunks[i].max_ms >= begin {
            chunks.swap(kept, i);
            kept += 1;
        }
    }
    chunks.truncate(kept);
}
