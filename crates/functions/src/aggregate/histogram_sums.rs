//! Native histograms in `sum` and `avg`: a side table that exists only where histograms appear.

use std::collections::BTreeSet;

use promqlite_model::histogram::{HistogramColumn, HistogramSumColumn, LayoutId, SumLayout};
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
    /// Sums of histograms of one layout.
    alike: HistogramSumColumn,
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

/// What is known about a row while it is added.
pub(super) struct RowState<'a> {
    name: &'a dyn Fn() -> String,
    /// Its metric, looked up when it is first needed.
    id: Option<MetricId>,
    /// The newest layout in the row's column, and that of sums of such histograms.
    layout: Option<(LayoutId, Option<SumLayout>)>,
}

impl<'a> RowState<'a> {
    pub(super) fn new(name: &'a dyn Fn() -> String) -> Self {
        Self { name, id: None, layout: None }
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
            alike: HistogramSumColumn::default(),
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

    /// Adds histogram `i` of `column` to a cell that holds floats already or does not.
    #[inline]
    pub(super) fn add(
        &mut self,
        cell: usize,
        column: &HistogramColumn,
        i: u32,
        has_float: bool,
        row: &mut RowState<'_>,
    ) {
        let layout = self.sum_layout(column, i, row);
        if let (Some(layout), Some(cell)) = (layout, &self.cells[cell])
            && let HistogramTotal::Alike(sum) = cell.total
            && cell.misfit.is_none()
            && self.alike.add(sum, layout, column, i)
        {
            return;
        }
        self.add_any(cell, column, i, layout, has_float, row);
    }

    /// The layout of sums of histograms like this, if they can be added number by number.
    #[inline]
    fn sum_layout(&mut self, column: &HistogramColumn, i: u32, row: &mut RowState<'_>) -> Option<SumLayout> {
        if self.averages {
            return None;
        }
        let layout = column.layout(i);
        match row.layout {
            Some((known, sums)) if known == layout => sums,
            _ => {
                let sums = self.alike.layout_of(column.get(i));
                row.layout = Some((layout, sums));
                sums
            }
        }
    }

    fn add_any(
        &mut self,
        cell: usize,
        column: &HistogramColumn,
        i: u32,
        layout: Option<SumLayout>,
        has_float: bool,
        row: &mut RowState<'_>,
    ) {
        self.touched[cell / self.steps] = true;
        let metrics = &mut self.metrics;
        let mut id = || *row.id.get_or_insert_with(|| metrics.intern((row.name)()));
        let histogram = column.get(i);
        let Some(cell) = &mut self.cells[cell] else {
            let total = match layout {
                Some(layout) => HistogramTotal::Alike(self.alike.start(layout, histogram)),
                None => HistogramTotal::new(histogram, self.averages),
            };
            let (first, after_float) = (id(), has_float);
            self.cells[cell] =
                Some(Box::new(Cell { total, first, after_float, reconciled: false, misfit: None }));
            return;
        };
        if cell.misfit.is_none() {
            match cell.total.add(histogram, &self.alike) {
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
        let (mut cells, names, alike) =
            other.map_or_else(Default::default, |other| (other.cells, other.metrics, other.alike));
        for (other_group, &group) in group_map.iter().enumerate() {
            for step in 0..steps {
                let mut theirs = cells.get_mut(other_group * steps + step).and_then(Option::take);
                let ours = &mut self.cells[group as usize * steps + step];
                theirs.iter_mut().for_each(|cell| cell.total.take_out(&alike));
                ours.iter_mut().for_each(|cell| cell.total.take_out(&self.alike));
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
                let (total, hints_conflict) = cell.total.finish(&self.alike);
                if hints_conflict {
                    note(Annotation::HistogramResetCollision("aggregation"));
                }
                batch.set_histogram(group, step, total.view());
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
        self.cells.len() * size_of::<Option<Box<Cell>>>() + cells.sum::<usize>() + self.alike.bytes()
    }
}
