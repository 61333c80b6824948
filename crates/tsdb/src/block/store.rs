//! Blocks as a [`Storage`].

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use promqlite_model::{Matcher, Symbols, TimeRange};
use promqlite_storage::{SelectRequest, Selection, Storage, StorageError};

use super::selection::{BlockSelection, Builder};
use super::{Block, OpenOptions};
use crate::error::TsdbError;

/// Any number of blocks as one store.
///
/// Opening takes time that depends on the number of labels and blocks, not on samples or series. A query reads the
/// lists of series of its matchers, what the index says of the series it selects, and the chunks of those that
/// overlap its time range; the series of a selection may be read on any number of threads.
///
/// What turns out to be damaged when it is read (a chunk, a series, the lists of an index) is left out, and the
/// selection has a warning once that was tried; with [`OpenOptions::strict`] it is an error.
///
/// Series of several blocks that have equal labels are one. Where blocks overlap, as those with out-of-order samples
/// and those of Thanos' replicas do, the samples are merged; of two samples at one time that of the block with the
/// greater ULID, which is the one that was made later, stays. Series come in Prometheus' order of labels.
#[derive(Debug)]
pub struct BlockStore {
    symbols: Arc<Symbols>,
    /// The newest block first.
    blocks: Vec<Arc<Block>>,
    warnings: Vec<String>,
}

impl BlockStore {
    /// Opens a single block.
    ///
    /// # Errors
    /// As for [`Block::open`].
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, TsdbError> {
        Ok(Self::new(vec![Block::open(path, options)?]))
    }

    /// The store of all of `blocks`.
    #[must_use]
    pub fn new(blocks: Vec<Block>) -> Self {
        let mut blocks: Vec<Arc<Block>> = blocks.into_iter().map(Arc::new).collect();
        blocks.sort_by(|a, b| b.meta.ulid.cmp(&a.meta.ulid));
        Self { symbols: Arc::new(Symbols::new()), blocks, warnings: Vec::new() }
    }

    /// The same store with texts that every query shows as warnings, such as about blocks that are left out.
    #[must_use]
    pub fn with_warnings(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }

    /// The blocks, those with the greatest ULIDs first.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = &Block> {
        self.blocks.iter().map(|block| &**block)
    }

    fn select_blocks(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        newest_only: bool,
    ) -> Result<BlockSelection, TsdbError> {
        let mut builder = Builder::new(self.warnings.clone());
        for block in self.blocks.iter().filter(|block| block.overlaps(range)) {
            let Some(matchers) = block.split_matchers(matchers) else { continue };
            let selected = block.index.resolve(matchers).and_then(|(references, bytes)| {
                Ok((block.rows(&references, range, newest_only, &self.symbols)?, bytes))
            });
            match selected {
                Ok((rows, bytes)) => builder.add(Arc::clone(block), rows, bytes),
                Err(error) if block.goes_on_after(&error) => builder.leave_out(block, &error),
                Err(error) => return Err(error),
            }
        }
        Ok(builder.finish(&self.symbols))
    }

    /// Whether the indexes of all blocks can list names and values without a look at the series.
    fn indexes_answer(&self, matchers: &[Matcher], range: TimeRange) -> bool {
        matchers.is_empty() && self.blocks.iter().all(|block| block.is_whole_in(range))
    }
}

impl Storage for BlockStore {
    fn symbols(&self) -> &Arc<Symbols> {
        &self.symbols
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        Ok(Box::new(self.select_blocks(request.matchers, request.range, request.hints.newest_only)?))
    }

    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        let mut names = BTreeSet::new();
        if self.indexes_answer(matchers, range) {
            for block in &self.blocks {
                names.extend(block.index.label_names().map(str::to_owned));
                if block.index.label_names().next().is_some() {
                    names.extend(block.external.iter().map(|(name, _)| name.clone()));
                }
            }
        } else {
            let selection = self.select_blocks(matchers, range, false)?;
            let used: BTreeSet<_> =
                (0..selection.len()).flat_map(|i| selection.labels(i).iter().map(|l| l.name)).collect();
            names.extend(used.into_iter().map(|name| self.symbols.get(name).to_owned()));
        }
        Ok(names.into_iter().collect())
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        let mut values = BTreeSet::new();
        let external = |block: &Arc<Block>| block.external.iter().any(|(own, _)| own == name);
        if self.indexes_answer(matchers, range) && !self.blocks.iter().any(external) {
            for block in &self.blocks {
                block.index.for_each_value(name, |value| {
                    if !value.is_empty() && !values.contains(value) {
                        values.insert(value.to_owned());
                    }
                })?;
            }
        } else {
            let selection = self.select_blocks(matchers, range, false)?;
            let Some(name) = self.symbols.lookup(name) else { return Ok(Vec::new()) };
            let used: BTreeSet<_> = (0..selection.len()).map(|i| selection.labels(i).get(name)).collect();
            values.extend(used.into_iter().map(|v| self.symbols.get(v).to_owned()).filter(|v| !v.is_empty()));
        }
        Ok(values.into_iter().collect())
    }

    fn time_range(&self) -> Option<TimeRange> {
        // From the outermost block inwards: what the others say of themselves reaches no further than what is
        // known already, and need not be looked at.
        let mut held: Option<TimeRange> = None;
        for key in [|own: TimeRange| own.start.0, |own: TimeRange| own.end.0.saturating_neg()] {
            let mut blocks: Vec<_> = self.blocks.iter().filter_map(|b| Some((key(b.range()?), b))).collect();
            blocks.sort_by_key(|(key, _)| *key);
            for (outermost, block) in blocks {
                if held.is_some_and(|held| key(held) <= outermost) {
                    break;
                }
                if let Some(range) = block.time_range() {
                    held = Some(held.map_or(range, |held| held.union(range)));
                }
            }
        }
        held
    }
}
