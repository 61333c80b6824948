//! Native histograms in `sum` and `avg`: a side table that exists only where histograms appear.

use std::collections::BTreeSet;

use promqlite_model::histogram::HistogramView;
use promqlite_model::{Annotation, Annotations, Batch, Pos, Validity};

use super::histogram_total::HistogramTotal;

/// The histograms of each group and step, and what is to be remarked about them.
#[derive(Debug)]
pub(super) struct HistogramSums {
    steps: usize,
    averages: bool,
    cells: Vec<Option<Box<Cell>>>,
    /// Which groups have any cell with histograms.
    touched: Vec<bool>,
    metrics: Metrics,
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

    fn name(&self, id: MetricId) -> String {
        self.0[id as usize].clone()
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

/// The histograms of one group at one step. They are summed even where floats came first, since the series before
/// these may turn out to hold histograms, too.
#[derive(Debug)]
struct Cell {
    total: HistogramTotal,
    /// Whose the first one is.
    first: MetricId,
    /// Whether a float came before the first one. Then the reference sums none and compares no schemas.
    after_float: bool,
    /// Whether differing custom bounds were reconciled.
    reconciled: bool,
    /// Whose histogram did not go with those before it. What comes later is not looked at, floats neither.
    misfit: Option<MetricId>,
}

impl Cell {
    /// Takes over what the series after ours hold; `name` gives a metric of theirs a number of ours. Tells whether
    /// floats of theirs are too late to count.
    fn merge(&mut self, theirs: Self, mut name: impl FnMut(MetricId) -> MetricId) -> bool {
        if self.misfit.is_some() {
            return true;
        }
        match self.total.merge(theirs.total) {
            Ok(seen) => {
                self.reconciled |= theirs.reconciled | seen.bounds_reconciled;
                self.misfit = theirs.misfit.map(name);
                false
            }
            Err(_) => {
                self.misfit = Some(name(theirs.first));
                !theirs.after_float
            }
        }
    }
}

impl HistogramSums {
    pub(super) fn new(groups: usize, steps: usize, averages: bool) -> Self {
        Self {
            steps,
            averages,
            cells: std::iter::repeat_with(|| None).take(groups * steps).collect(),
            touched: vec![false; groups],
            metrics: Metrics::default(),
        }
    }

    /// Whether a group has seen histograms.
    pub(super) fn touches(&self, group: usize) -> bool {
        self.touched[group]
    }

    /// Whether a cell takes no more samples.
    pub(super) fn is_incompatible(&self, cell: usize) -> bool {
        self.cells[cell].as_ref().is_some_and(|cell| cell.misfit.is_some())
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
        let metrics = &mut self.metrics;
        let mut id = || *metric.id.get_or_insert_with(|| metrics.intern((metric.name)()));
        let Some(cell) = &mut self.cells[cell] else {
            let total = HistogramTotal::new(histogram, self.averages);
            let (first, after_float) = (id(), has_float);
            self.cells[cell] =
                Some(Box::new(Cell { total, first, after_float, reconciled: false, misfit: None }));
            return;
        };
        if cell.misfit.is_none() {
            match cell.total.add(histogram) {
                Ok(seen) => cell.reconciled |= seen.bounds_reconciled,
                Err(_) => cell.misfit = Some(id()),
            }
        }
    }

    /// Takes over the state over later series: group `i` goes into group `group_map[i]`. `floats` says which cells
    /// hold floats already; `later`, which cells of the later series do: those that come too late are taken out.
    pub(super) fn merge(
        &mut self,
        other: Option<Self>,
        group_map: &[u32],
        floats: &Validity,
        later: &mut Validity,
    ) {
        let steps = self.steps;
        let (mut cells, names) = other.map_or_else(Default::default, |other| (other.cells, other.metrics));
        for (other_group, &group) in group_map.iter().enumerate() {
            for step in 0..steps {
                let theirs = cells.get_mut(other_group * steps + step).and_then(Option::take);
                let ours = &mut self.cells[group as usize * steps + step];
                let too_late = match (ours.as_mut(), theirs) {
                    (Some(ours), None) => ours.misfit.is_some(),
                    (Some(ours), Some(theirs)) => {
                        ours.merge(*theirs, |id| self.metrics.intern(names.name(id)))
                    }
                    (None, Some(mut theirs)) => {
                        self.touched[group as usize] = true;
                        theirs.first = self.metrics.intern(names.name(theirs.first));
                        theirs.misfit = theirs.misfit.map(|id| self.metrics.intern(names.name(id)));
                        theirs.after_float |= floats.get(group as usize, step);
                        *ours = Some(theirs);
                        false
                    }
                    (None, None) => false,
                };
                if too_late {
                    later.clear(other_group, step);
                }
            }
        }
    }

    /// Puts the results into `batch`, which holds those of the floats, and empties cells without a result.
    pub(super) fn finish(self, batch: &mut Batch, notes: &mut Annotations, pos: Pos) {
        let mut note = |annotation| notes.add(annotation, Some(pos));
        let mut misfits = BTreeSet::new();
        for (i, cell) in self.cells.into_iter().enumerate() {
            let Some(cell) = cell else { continue };
            let (group, step) = (i / self.steps, i % self.steps);
            if cell.reconciled && !cell.after_float {
                note(Annotation::ReconciledCustomBuckets("aggregation"));
            }
            misfits.extend(cell.misfit.filter(|_| !cell.after_float));
            if batch.valid().get(group, step) {
                note(Annotation::MixedFloatsHistogramsAggregation);
            } else if cell.misfit.is_none() {
                if cell.total.hints_conflict() {
                    note(Annotation::HistogramResetCollision("aggregation"));
                }
                batch.set_histogram(group, step, cell.total.finish().view());
                continue;
            }
            batch.clear(group, step);
        }
        for id in misfits {
            note(Annotation::MixedExponentialCustom { metric: self.metrics.name(id) });
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let cells = self.cells.iter().flatten().map(|cell| size_of::<Cell>() + cell.total.bytes());
        self.cells.len() * size_of::<Option<Box<Cell>>>() + cells.sum::<usize>()
    }
}
