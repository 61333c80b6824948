//! Series of several stores as one list.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use promqlite_model::{Labels, SampleBuf, Samples, TimeRange};

use super::merge::merge_samples;
use super::translate::Translator;
use crate::{ReadStats, Selection, StorageError};

/// The selections of the inputs, with equal label sets brought together.
#[derive(Default)]
pub(super) struct MergedSelection {
    inputs: Vec<Box<dyn Selection>>,
    rows: Vec<Row>,
}

struct Row {
    labels: Labels,
    first: Source,
    /// Later sources of the same series, in order of the inputs.
    others: Vec<Source>,
}

/// A series of an input.
#[derive(Clone, Copy)]
struct Source {
    input: u32,
    series: u32,
}

/// Collects the inputs' series.
#[derive(Default)]
pub(super) struct MergedRows {
    selection: MergedSelection,
    by_labels: HashTable<u32>,
    hasher: RandomState,
}

impl MergedRows {
    /// Adds all series of an input, whose labels `translator` understands.
    pub(super) fn add(&mut self, input: Box<dyn Selection>, translator: &mut Translator<'_>) {
        let rows = &mut self.selection.rows;
        let number = self.selection.inputs.len() as u32;
        for i in 0..input.len() {
            let labels = translator.labels(input.labels(i));
            let source = Source { input: number, series: index(i) };
            let hash = self.hasher.hash_one(&labels);
            match self.by_labels.find(hash, |&row| rows[row as usize].labels == labels) {
                Some(&row) => rows[row as usize].others.push(source),
                None => {
                    let row = index(rows.len());
                    rows.push(Row { labels, first: source, others: Vec::new() });
                    let rehash = |&row: &u32| self.hasher.hash_one(&rows[row as usize].labels);
                    self.by_labels.insert_unique(hash, row, rehash);
                }
            }
        }
        self.selection.inputs.push(input);
    }

    pub(super) fn finish(self) -> MergedSelection {
        self.selection
    }
}

fn index(i: usize) -> u32 {
    u32::try_from(i).expect("invariant: a selection has fewer than 2^32 series")
}

impl MergedSelection {
    fn read<'a>(
        &'a self,
        source: Source,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        self.inputs[source.input as usize].samples(source.series as usize, range, buf)
    }
}

impl Selection for MergedSelection {
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
        let row = &self.rows[i];
        if row.others.is_empty() {
            return self.read(row.first, range, buf);
        }
        buf.clear();
        let mut bufs = vec![SampleBuf::default(); 1 + row.others.len()];
        let mut sources = Vec::with_capacity(bufs.len());
        for (source, own) in std::iter::once(&row.first).chain(&row.others).zip(&mut bufs) {
            sources.push(self.read(*source, range, own)?);
        }
        merge_samples(sources, buf);
        Ok(buf.samples())
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self.inputs.iter().flat_map(|input| input.warnings()).collect();
        let mut seen = hashbrown::HashSet::<String, RandomState>::default();
        warnings.retain(|warning| seen.insert(warning.clone()));
        warnings
    }

    fn stats(&self) -> ReadStats {
        self.inputs.iter().map(|input| input.stats()).fold(ReadStats::default(), |a, b| ReadStats {
            chunks: a.chunks + b.chunks,
            bytes: a.bytes + b.bytes,
            samples: a.samples + b.samples,
        })
    }
}
