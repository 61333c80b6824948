//! Native histograms in `sum` and `avg`: a side table that exists only where histograms appear.

use std::collections::BTreeSet;

use promqlite_model::histogram::{CounterResetHint, HistogramView};
use promqlite_model::{Annotation, Annotations, Batch, Pos};

use super::histogram_total::HistogramTotal;

/// The histograms of each group and step, and what is to be remarked about them.
#[derive(Debug)]
pub(super) struct HistogramSums {
    steps: usize,
    averages: bool,
    cells: Vec<Cell>,
    /// Which groups have any cell that is not empty.
    touched: Vec<bool>,
    reconciled: bool,
    /// The metrics whose histograms did not go with the others of their group.
    incompatible: BTreeSet<String>,
}

/// The histograms of one group at one step.
#[derive(Debug, Default)]
enum Cell {
    /// None came.
    #[default]
    Empty,
    /// One came after a float, so the group has no result at this step and sums nothing.
    AfterFloat,
    /// Their sum or mean so far.
    Total(Box<Total>),
    /// Exponential and custom buckets met: no result, and what comes later is not looked at.
    Incompatible,
}

#[derive(Debug)]
struct Total {
    histograms: HistogramTotal,
    hints: Hints,
}

/// Which contradicting hints a group has seen.
#[derive(Debug, Clone, Copy, Default)]
struct Hints {
    reset: bool,
    not_reset: bool,
}

impl Hints {
    fn of(hint: CounterResetHint) -> Self {
        Self { reset: hint == CounterResetHint::Reset, not_reset: hint == CounterResetHint::NotReset }
    }

    fn join(&mut self, other: Self) {
        self.reset |= other.reset;
        self.not_reset |= other.not_reset;
    }
}

impl HistogramSums {
    pub(super) fn new(groups: usize, steps: usize, averages: bool) -> Self {
        Self {
            steps,
            averages,
            cells: std::iter::repeat_with(Cell::default).take(groups * steps).collect(),
            touched: vec![false; groups],
            reconciled: false,
            incompatible: BTreeSet::new(),
        }
    }

    /// Whether a group has seen histograms.
    pub(super) fn touches(&self, group: usize) -> bool {
        self.touched[group]
    }

    /// Whether a cell takes no more samples.
    pub(super) fn is_incompatible(&self, cell: usize) -> bool {
        matches!(self.cells[cell], Cell::Incompatible)
    }

    /// Adds a histogram to a cell that holds floats already or does not.
    pub(super) fn add(
        &mut self,
        cell: usize,
        histogram: HistogramView<'_>,
        has_float: bool,
        metric: &dyn Fn() -> String,
    ) {
        self.touched[cell / self.steps] = true;
        let state = &mut self.cells[cell];
        match state {
            Cell::Empty if has_float => *state = Cell::AfterFloat,
            Cell::Empty => {
                let histograms = HistogramTotal::starting_with(histogram, self.averages);
                *state = Cell::Total(Box::new(Total { histograms, hints: Hints::of(histogram.hint()) }));
            }
            Cell::Total(total) => {
                total.hints.join(Hints::of(histogram.hint()));
                match total.histograms.add(histogram) {
                    Ok(reconciled) => self.reconciled |= reconciled,
                    Err(_) => {
                        self.incompatible.insert(metric());
                        *state = Cell::Incompatible;
                    }
                }
            }
            Cell::AfterFloat | Cell::Incompatible => {}
        }
    }

    /// Takes over the state over later series: group `i` goes into group `group_map[i]`.
    pub(super) fn merge(&mut self, other: Self, group_map: &[u32]) {
        self.reconciled |= other.reconciled;
        self.incompatible.extend(other.incompatible);
        let steps = self.steps;
        for (i, theirs) in other.cells.into_iter().enumerate() {
            if matches!(theirs, Cell::Empty) {
                continue;
            }
            let group = group_map[i / steps] as usize;
            self.touched[group] = true;
            let ours = &mut self.cells[group * steps + i % steps];
            *ours = match (std::mem::take(ours), theirs) {
                (Cell::Incompatible, _) | (_, Cell::Incompatible) => Cell::Incompatible,
                (Cell::Empty, theirs) => theirs,
                (Cell::AfterFloat, _) | (_, Cell::AfterFloat) => Cell::AfterFloat,
                (Cell::Total(mut ours), Cell::Total(theirs)) => {
                    ours.hints.join(theirs.hints);
                    match ours.histograms.merge(theirs.histograms) {
                        Ok(reconciled) => {
                            self.reconciled |= reconciled;
                            Cell::Total(ours)
                        }
                        Err(_) => Cell::Incompatible,
                    }
                }
                (ours, Cell::Empty) => ours,
            };
        }
    }

    /// Puts the results into `batch`, which holds those of the floats, and empties cells without a result.
    pub(super) fn finish(self, batch: &mut Batch, notes: &mut Annotations, pos: Pos) {
        let mut note = |annotation| notes.add(annotation, Some(pos));
        for (i, cell) in self.cells.into_iter().enumerate() {
            let (group, step) = (i / self.steps, i % self.steps);
            match cell {
                Cell::Empty => {}
                Cell::AfterFloat | Cell::Total(_) if batch.valid().get(group, step) => {
                    note(Annotation::MixedFloatsHistogramsAggregation);
                    batch.clear(group, step);
                }
                Cell::Total(total) => {
                    if total.hints.reset && total.hints.not_reset {
                        note(Annotation::HistogramResetCollision("aggregation"));
                    }
                    batch.set_histogram(group, step, total.histograms.finish().view());
                }
                Cell::AfterFloat | Cell::Incompatible => batch.clear(group, step),
            }
        }
        if self.reconciled {
            note(Annotation::ReconciledCustomBuckets("aggregation"));
        }
        for metric in self.incompatible {
            note(Annotation::MixedExponentialCustom { metric });
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let totals = self.cells.iter().map(|cell| match cell {
            Cell::Total(total) => size_of::<Total>() + total.histograms.bytes(),
            _ => 0,
        });
        self.cells.len() * size_of::<Cell>() + totals.sum::<usize>()
    }
}
