//! Series of several stores as one list.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use promqlite_model::{Labels, SampleBuf, Samples, TimeRange};

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
        merge(sources, buf);
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

/// Puts all samples into `out` in order of time; at equal times the first source's stays. Copies run by run:
/// sources that take turns for long stretches, as files of consecutive days do, cost a copy each.
fn merge(mut sources: Vec<Samples<'_>>, out: &mut SampleBuf) {
    loop {
        sources.retain(|source| !source.is_empty());
        let Some((ahead, t)) = sources.iter().map(|s| s.times[0]).enumerate().min_by_key(|&(i, t)| (t, i))
        else {
            return;
        };
        for other in &mut sources[ahead + 1..] {
            if other.times[0] == t {
                *other = other.slice(1..other.len());
            }
        }
        let others = sources.iter().enumerate().filter(|&(i, s)| i != ahead && !s.is_empty());
        let limit = others.map(|(_, s)| s.times[0]).min();
        let leader = &mut sources[ahead];
        // The sample at `t` is taken in any case; those after it until another source has its turn.
        let run = limit.map_or(leader.len(), |limit| leader.times.partition_point(|&x| x < limit).max(1));
        out.extend(&leader.slice(0..run));
        *leader = leader.slice(run..leader.len());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merging_agrees_with_a_map(
            inputs in proptest::collection::vec(proptest::collection::btree_set(0i64..80, 0..30), 0..5),
        ) {
            let columns: Vec<(Vec<i64>, Vec<f64>)> = inputs
                .iter()
                .enumerate()
                .map(|(i, times)| (times.iter().copied().collect(), vec![i as f64; times.len()]))
                .collect();
            let mut want = BTreeMap::new();
            for (times, values) in &columns {
                times.iter().zip(values).for_each(|(t, v)| {
                    want.entry(*t).or_insert(*v);
                });
            }
            let mut out = SampleBuf::default();
            merge(columns.iter().map(|(t, v)| Samples::floats(t, v)).collect(), &mut out);
            let got = out.samples();
            prop_assert!(got.times.iter().eq(want.keys()), "{:?} {:?}", got.times, want);
            prop_assert!(got.values.iter().eq(want.values()));
        }
    }
}
