//! `quantile`: keeps all floats of each group.

use promqlite_model::{Annotation, Annotations, Batch, Pos, words_for};

use crate::{Stop, numeric};

/// Steps whose values are gathered in one pass over the rows: as many floats as a cache line holds.
const STEPS_AT_ONCE: usize = 8;

/// The series of each group, until all have come.
#[derive(Debug)]
pub struct QuantileState {
    steps: usize,
    groups: Vec<Members>,
    ignored_histogram: bool,
}

/// Rows of floats and of the bits that say which of them count.
#[derive(Debug, Default, Clone)]
struct Members {
    values: Vec<f64>,
    valid: Vec<u64>,
}

impl QuantileState {
    /// No series in any of the groups.
    #[must_use]
    pub fn new(groups: usize, steps: usize) -> Self {
        Self { steps, groups: vec![Members::default(); groups], ignored_histogram: false }
    }

    /// Makes room for so many series in each group, so that their rows are not moved as more come.
    pub fn reserve(&mut self, group_sizes: &[usize]) {
        for (members, &rows) in self.groups.iter_mut().zip(group_sizes) {
            members.values.reserve_exact(rows.saturating_mul(self.steps));
            members.valid.reserve_exact(rows.saturating_mul(words_for(self.steps)));
        }
    }

    /// Adds a series, a row of `batch`, to a group.
    pub fn add_row(&mut self, group: usize, batch: &Batch, row: usize) {
        self.ignored_histogram |= batch.histograms().is_some_and(|histograms| histograms.any(row));
        if batch.valid().any(row) {
            let members = &mut self.groups[group];
            members.values.extend_from_slice(batch.row(row));
            members.valid.extend_from_slice(batch.valid().row(row));
        }
    }

    /// Takes over the series of another state: its group `i` goes into group `group_map[i]`.
    pub fn merge(&mut self, other: Self, group_map: &[u32]) {
        debug_assert_eq!(self.steps, other.steps);
        self.ignored_histogram |= other.ignored_histogram;
        for (mut theirs, &group) in other.groups.into_iter().zip(group_map) {
            let ours = &mut self.groups[group as usize];
            if ours.values.is_empty() {
                *ours = theirs;
            } else {
                ours.values.append(&mut theirs.values);
                ours.valid.append(&mut theirs.valid);
            }
        }
    }

    /// Quantile `q[step]` of each group; `pos` is that of the aggregated expression. Ends early when `stop` says so.
    #[must_use]
    pub fn finish(self, q: &[f64], stop: Stop<'_>, notes: &mut Annotations, pos: Pos) -> Batch {
        if self.ignored_histogram {
            notes.add(Annotation::IgnoredHistogramInAggregation { op: "quantile" }, Some(pos));
        }
        let mut out = Batch::empty(self.groups.len(), self.steps);
        let mut columns: [Vec<f64>; STEPS_AT_ONCE] = Default::default();
        for (group, members) in self.groups.into_iter().enumerate() {
            let rows = members.values.len() / self.steps.max(1);
            columns.iter_mut().for_each(|column| column.reserve(rows));
            for first in (0..self.steps).step_by(STEPS_AT_ONCE) {
                if stop.now() {
                    return out;
                }
                let last = (first + STEPS_AT_ONCE).min(self.steps);
                members.gather(self.steps, first, &mut columns[..last - first]);
                for (step, column) in (first..last).zip(&mut columns) {
                    if !column.is_empty() {
                        out.set_float(group, step, numeric::quantile(q[step], column));
                    }
                }
            }
        }
        out
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.groups.iter().map(|members| (members.values.len() + members.valid.len()) * 8).sum()
    }
}

impl Members {
    /// Fills column `i` with the values of step `first + i`; `first` is a multiple of [`STEPS_AT_ONCE`].
    fn gather(&self, steps: usize, first: usize, columns: &mut [Vec<f64>]) {
        columns.iter_mut().for_each(Vec::clear);
        let (word, shift) = (first / 64, first % 64);
        let all = u64::MAX >> (64 - columns.len());
        let rows = self.values.chunks_exact(steps).zip(self.valid.chunks_exact(words_for(steps)));
        for (values, valid) in rows {
            let on = valid[word] >> shift & all;
            let cells = values[first..first + columns.len()].iter().zip(columns.iter_mut());
            if on == all {
                cells.for_each(|(&value, column)| column.push(value));
            } else {
                for (i, (&value, column)) in cells.enumerate() {
                    if on >> i & 1 == 1 {
                        column.push(value);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(rows: &[&[Option<f64>]]) -> Batch {
        let mut batch = Batch::empty(rows.len(), rows[0].len());
        for (row, cells) in rows.iter().enumerate() {
            for (step, cell) in cells.iter().enumerate() {
                if let Some(value) = cell {
                    batch.set_float(row, step, *value);
                }
            }
        }
        batch
    }

    #[test]
    fn each_step_has_a_quantile_of_its_own() {
        let input = batch(&[
            &[Some(1.0), Some(f64::NAN), None, Some(1.0)],
            &[Some(4.0), Some(1.0), None, Some(2.0)],
            &[Some(2.0), Some(2.0), None, Some(f64::INFINITY)],
        ]);
        let (mut left, mut right) = (QuantileState::new(1, 4), QuantileState::new(1, 4));
        left.add_row(0, &input, 0);
        right.add_row(0, &input, 1);
        right.add_row(0, &input, 2);
        left.merge(right, &[0]);
        let mut notes = Annotations::default();
        let out = left.finish(&[0.5, 0.9, 0.5, 0.5], Stop::default(), &mut notes, Pos(0));
        assert_eq!(out.float(0, 0), Some(2.0));
        assert!((out.float(0, 1).expect("present") - 1.8).abs() < 1e-12);
        assert_eq!(out.float(0, 2), None);
        assert!(out.float(0, 3).expect("present").is_nan());
        assert!(notes.is_empty());
    }
}
