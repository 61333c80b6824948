//! Native histograms in `sum` and `avg`: a side table that exists only where histograms appear.

use std::collections::BTreeSet;

use promqlite_model::histogram::HistogramView;
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
    metrics: Metrics,
    /// The metrics whose histograms did not go with the others of their group.
    incompatible: BTreeSet<String>,
}

/// Names of metrics, each once where it comes in neighbouring rows.
#[derive(Debug, Default)]
struct Metrics(Vec<String>);

/// Which of the names.
type MetricId = u32;

impl Metrics {
    fn intern(&mut self, name: String) -> MetricId {
        if self.0.last() != Some(&name) {
            self.0.push(name);
        }
        self.0.len() as MetricId - 1
    }
}

/// The metric of one row, looked up when it is first needed.
pub(super) struct RowMetric<'a> {
    name: &'a dyn Fn() -> String,
    id: Option<MetricId>,
}

impl<'a> RowMetric<'a> {
    pub(super) fn new(name: &'a dyn Fn() -> String) -> Self {
        Self { name, id: None }
    }
}

/// The histograms of one group at one step.
#[derive(Debug, Default)]
enum Cell {
    /// None came.
    #[default]
    Empty,
    /// One came after a float, so the group has no result at this step and sums nothing.
    AfterFloat,
    /// Their sum or mean so far, and which metric the first one belongs to.
    Total(Box<HistogramTotal>, MetricId),
    /// Exponential and custom buckets met: no result, and what comes later is not looked at.
    Incompatible,
}

impl HistogramSums {
    pub(super) fn new(groups: usize, steps: usize, averages: bool) -> Self {
        Self {
            steps,
            averages,
            cells: std::iter::repeat_with(Cell::default).take(groups * steps).collect(),
            touched: vec![false; groups],
            reconciled: false,
            metrics: Metrics::default(),
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
        metric: &mut RowMetric<'_>,
    ) {
        self.touched[cell / self.steps] = true;
        let state = &mut self.cells[cell];
        match state {
            Cell::Empty if has_float => *state = Cell::AfterFloat,
            Cell::Empty => {
                let id = *metric.id.get_or_insert_with(|| self.metrics.intern((metric.name)()));
                *state = Cell::Total(Box::new(HistogramTotal::new(histogram, self.averages)), id);
            }
            Cell::Total(total, _) => match total.add(histogram) {
                Ok(seen) => self.reconciled |= seen.bounds_reconciled,
                Err(_) => {
                    self.incompatible.insert((metric.name)());
                    *state = Cell::Incompatible;
                }
            },
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
                (Cell::Empty, Cell::Total(total, id)) => {
                    Cell::Total(total, self.metrics.intern(other.metrics.0[id as usize].clone()))
                }
                (Cell::Empty, theirs) => theirs,
                (Cell::AfterFloat, _) | (_, Cell::AfterFloat) => Cell::AfterFloat,
                (Cell::Total(mut ours, id), Cell::Total(theirs, other_id)) => match ours.merge(*theirs) {
                    Ok(seen) => {
                        self.reconciled |= seen.bounds_reconciled;
                        Cell::Total(ours, id)
                    }
                    Err(_) => {
                        self.incompatible.insert(other.metrics.0[other_id as usize].clone());
                        Cell::Incompatible
                    }
                },
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
                Cell::AfterFloat | Cell::Total(..) | Cell::Incompatible if batch.valid().get(group, step) => {
                    note(Annotation::MixedFloatsHistogramsAggregation);
                    batch.clear(group, step);
                }
                Cell::Total(total, _) => {
                    if total.hints_conflict() {
                        note(Annotation::HistogramResetCollision("aggregation"));
                    }
                    batch.set_histogram(group, step, total.finish().view());
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
            Cell::Total(total, _) => total.bytes(),
            _ => 0,
        });
        self.cells.len() * size_of::<Cell>() + totals.sum::<usize>()
    }
}
