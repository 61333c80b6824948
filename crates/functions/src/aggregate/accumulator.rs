//! Accumulators of folds: groups × steps, fed series by series.

use std::ops::Range;

use promqlite_model::{Annotation, Annotations, Batch, Pos, Validity};

use super::Fold;
use super::cells::{Counts, Extremes, Means, Sums, Variances};
use super::histogram_sums::{HistogramSums, RowState};
use super::presence::for_each_run;

/// The state of a fold over some of the input series: a cell per group and step.
///
/// Feeding all series to one accumulator in order gives Prometheus' result bit for bit. Partial accumulators
/// over consecutive series can be merged in order; then sums differ by no more than rounding, all else is exact.
#[derive(Debug)]
pub struct Accumulator {
    fold: Fold,
    groups: usize,
    steps: usize,
    floats: Validity,
    cells: Cells,
    histograms: Option<Box<HistogramSums>>,
    ignored_histogram: bool,
}

#[derive(Debug)]
enum Cells {
    Sums(Sums),
    Means(Means),
    Extremes(Extremes),
    Counts(Counts),
    Presence,
    Variances(Variances),
}

impl Cells {
    fn new(fold: Fold, cells: usize) -> Self {
        match fold {
            Fold::Sum => Self::Sums(Sums::new(cells)),
            Fold::Avg => Self::Means(Means::new(cells)),
            Fold::Min => Self::Extremes(Extremes::new(cells, false)),
            Fold::Max => Self::Extremes(Extremes::new(cells, true)),
            Fold::Count => Self::Counts(Counts::new(cells)),
            Fold::Group => Self::Presence,
            Fold::Stddev => Self::Variances(Variances::new(cells, true)),
            Fold::Stdvar => Self::Variances(Variances::new(cells, false)),
        }
    }

    #[inline]
    fn add(&mut self, cells: Range<usize>, xs: &[f64]) {
        match self {
            Self::Sums(sums) => sums.add(cells, xs),
            Self::Means(means) => means.add(cells, xs),
            Self::Extremes(extremes) => extremes.add(cells, xs),
            Self::Counts(counts) => counts.add(cells),
            Self::Presence => {}
            Self::Variances(variances) => variances.add(cells, xs),
        }
    }

    fn merge(&mut self, cells: Range<usize>, other: &Self, others: Range<usize>) {
        match (self, other) {
            (Self::Sums(a), Self::Sums(b)) => a.merge(cells, b, others),
            (Self::Means(a), Self::Means(b)) => a.merge(cells, b, others),
            (Self::Extremes(a), Self::Extremes(b)) => a.merge(cells, b, others),
            (Self::Counts(a), Self::Counts(b)) => a.merge(cells, b, others),
            (Self::Presence, Self::Presence) => {}
            (Self::Variances(a), Self::Variances(b)) => a.merge(cells, b, others),
            _ => unreachable!("invariant: partial accumulators belong to one fold"),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Sums(sums) => sums.clear(),
            Self::Means(means) => means.clear(),
            Self::Extremes(extremes) => extremes.clear(),
            Self::Counts(counts) => counts.clear(),
            Self::Presence => {}
            Self::Variances(variances) => variances.clear(),
        }
    }

    fn finish(self, cells: usize) -> Vec<f64> {
        match self {
            Self::Sums(sums) => sums.finish(),
            Self::Means(means) => means.finish(),
            Self::Extremes(extremes) => extremes.finish(),
            Self::Counts(counts) => counts.finish(),
            Self::Presence => vec![1.0; cells],
            Self::Variances(variances) => variances.finish(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Sums(sums) => sums.bytes(),
            Self::Means(means) => means.bytes(),
            Self::Extremes(extremes) => extremes.bytes(),
            Self::Counts(counts) => counts.bytes(),
            Self::Presence => 0,
            Self::Variances(variances) => variances.bytes(),
        }
    }
}

/// What a fold does with native histograms.
enum HistogramRule {
    /// They are summed, and may not meet floats.
    Combine,
    /// They count like floats.
    Count,
    /// They are left out, which is remarked.
    Ignore,
}

impl Fold {
    fn histogram_rule(self) -> HistogramRule {
        match self {
            Self::Sum | Self::Avg => HistogramRule::Combine,
            Self::Count | Self::Group => HistogramRule::Count,
            Self::Min | Self::Max | Self::Stddev | Self::Stdvar => HistogramRule::Ignore,
        }
    }

    /// The aggregation's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::Group => "group",
            Self::Stddev => "stddev",
            Self::Stdvar => "stdvar",
        }
    }
}

impl Accumulator {
    /// An accumulator of `groups` × `steps` cells that have seen nothing.
    #[must_use]
    pub fn new(fold: Fold, groups: usize, steps: usize) -> Self {
        Self {
            fold,
            groups,
            steps,
            floats: Validity::none(groups, steps),
            cells: Cells::new(fold, groups * steps),
            histograms: None,
            ignored_histogram: false,
        }
    }

    /// Adds a series, a row of `batch`, to a group. `metric` yields the series' name for annotations.
    pub fn add_row(&mut self, group: usize, batch: &Batch, row: usize, metric: &dyn Fn() -> String) {
        let brings_histograms = batch.histograms().is_some_and(|histograms| histograms.any(row));
        match self.fold.histogram_rule() {
            HistogramRule::Combine
                if brings_histograms || self.histograms.as_ref().is_some_and(|h| h.touches(group)) =>
            {
                self.combine_row(group, batch, row, metric);
            }
            HistogramRule::Count if brings_histograms => self.count_row(group, batch, row),
            HistogramRule::Ignore if brings_histograms => {
                self.ignored_histogram = true;
                self.add_floats(group, batch, row);
            }
            _ => self.add_floats(group, batch, row),
        }
    }

    #[inline]
    fn add_floats(&mut self, group: usize, batch: &Batch, row: usize) {
        let (values, valid) = (batch.row(row), batch.valid().row(row));
        for (ours, theirs) in self.floats.row_mut(group).iter_mut().zip(valid) {
            *ours |= theirs;
        }
        let base = group * self.steps;
        let cells = &mut self.cells;
        for_each_run(valid, self.steps, |run| cells.add(base + run.start..base + run.end, &values[run]));
    }

    #[cold]
    fn count_row(&mut self, group: usize, batch: &Batch, row: usize) {
        for step in (0..self.steps).filter(|&step| batch.has(row, step)) {
            self.floats.set(group, step);
            let cell = group * self.steps + step;
            self.cells.add(cell..cell + 1, &[0.0]);
        }
    }

    /// Adds floats and histograms step by step, in a group that has histograms.
    #[cold]
    fn combine_row(&mut self, group: usize, batch: &Batch, row: usize, metric: &dyn Fn() -> String) {
        let (groups, steps) = (self.groups, self.steps);
        let averages = self.fold == Fold::Avg;
        let sums =
            self.histograms.get_or_insert_with(|| Box::new(HistogramSums::new(groups, steps, averages)));
        let mut state = RowState::new(metric);
        let histograms = batch.histograms();
        for step in 0..steps {
            let cell = group * steps + step;
            if let Some((table, i)) = histograms.and_then(|table| Some((table, table.index(row, step)?))) {
                sums.add(cell, table.column(), i, self.floats.get(group, step), &mut state);
            } else if let Some(value) = batch.float(row, step)
                && !sums.is_incompatible(cell)
            {
                self.floats.set(group, step);
                self.cells.add(cell..cell + 1, &[value]);
            }
        }
    }

    /// Takes over the state of an accumulator over later series: its group `i` goes into group `group_map[i]`.
    ///
    /// # Panics
    /// When the other has groups that `group_map` lacks, or belongs to another fold.
    pub fn merge(&mut self, other: &mut Self, group_map: &[u32]) {
        assert!(group_map.len() >= other.groups, "invariant: every group has a place");
        debug_assert_eq!(self.steps, other.steps);
        self.ignored_histogram |= other.ignored_histogram;
        if self.histograms.is_some() || other.histograms.is_some() {
            let (groups, steps, averages) = (self.groups, self.steps, self.fold == Fold::Avg);
            let ours =
                self.histograms.get_or_insert_with(|| Box::new(HistogramSums::new(groups, steps, averages)));
            let theirs = other.histograms.take().map(|theirs| *theirs);
            ours.merge(theirs, &group_map[..other.groups], &self.floats, &mut other.floats);
        }
        for (other_group, &group) in group_map.iter().enumerate().take(other.groups) {
            let group = group as usize;
            let cells = group * self.steps..(group + 1) * self.steps;
            let others = other_group * self.steps..(other_group + 1) * self.steps;
            self.cells.merge(cells, &other.cells, others);
            for (ours, theirs) in self.floats.row_mut(group).iter_mut().zip(other.floats.row(other_group)) {
                *ours |= theirs;
            }
        }
    }

    /// Forgets everything but the room that it takes.
    pub fn clear(&mut self) {
        self.floats.words_mut().fill(0);
        self.cells.clear();
        self.histograms = None;
        self.ignored_histogram = false;
    }

    /// The result: a row per group, empty where a group has no member at a step or cannot be computed.
    /// Remarks go to `notes`, at the position of the aggregated expression.
    #[must_use]
    pub fn finish(self, notes: &mut Annotations, pos: Pos) -> Batch {
        let (groups, steps) = (self.groups, self.steps);
        if self.ignored_histogram {
            let op = self.fold.as_str();
            notes.add(Annotation::IgnoredHistogramInAggregation { op }, Some(pos));
        }
        let mut batch = Batch::from_parts(groups, steps, self.cells.finish(groups * steps), self.floats);
        if let Some(sums) = self.histograms {
            sums.finish(&mut batch, notes, pos);
        }
        batch
    }

    /// Whether any histogram was added.
    #[must_use]
    pub fn has_histograms(&self) -> bool {
        self.histograms.is_some()
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let histograms = self.histograms.as_ref().map_or(0, |histograms| histograms.bytes());
        self.cells.bytes() + size_of_val(self.floats.words()) + histograms
    }
}
