//! The last step: batches become a [`Value`].

use std::cmp::Ordering;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use promqlite_functions::Extension;
use promqlite_model::{
    Batch, FloatPoints, Floats, Grid, Home, LabelSet, Labels, NO_HISTOGRAM, SampleValue, Samples, Series,
    Timestamp, Value, ValueType, VectorSample,
};
use promqlite_plan::{Node, NodeKind, RangeInput};

use crate::aside::Aside;
use crate::block::{Block, float_bytes};
use crate::budget::Held;
use crate::build::{open, open_range_input};
use crate::context::Cx;
use crate::error::ExecError;
use crate::morsels::{batches, fold_morsels, morsel_rows, morsels_in_flight};
use crate::operator::{Opened, first_error};
use crate::ops::buffer::bytes_of;
use crate::ops::calls::text;
use crate::ops::extended_range::with_edges;
use crate::ops::merge::{Conflict, drop_marked_names, merge_equal};
use crate::ops::order::{reorder, sort_keys, sorted_order};
use crate::ops::scalar::scalar;
use crate::run::Query;

/// Takes series as they are computed, and says whether it wants more.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(Vec<Series>) -> ControlFlow<()>;

/// Evaluates the root and shapes the result as the API has it.
///
/// The series of a range query go to `sink`, if there is one, and are not part of the value then.
pub(crate) fn collect<'q>(
    query: &'q Query<'q>,
    sink: Option<Sink<'_>>,
    cx: &Cx<'q>,
) -> Result<Value, ExecError> {
    let root = &query.plan.root;
    let grid = root.grid;
    match root.ty {
        ValueType::String => Ok(Value::String(grid.start, text(root)?.to_owned())),
        ValueType::Scalar => {
            let values = scalar(root, query, cx)?;
            cx.hold_samples(values.len())?;
            if query.plan.is_range {
                cx.keep(values.len().saturating_mul(size_of::<(Timestamp, f64)>()))?;
                return Ok(give(vec![scalar_series(&values, grid, cx)], sink));
            }
            Ok(Value::Scalar(grid.start, values[0]))
        }
        ValueType::Vector => {
            let mut opened = finish_names(open(root, query, cx)?, cx)?;
            if !query.plan.is_range {
                return vector(opened, grid.start, cx);
            }
            let finished = opened.take_finished(cx)?;
            match sink {
                Some(sink) if finished.is_none() => {
                    stream(&opened, grid, sink, cx)?;
                    Ok(Value::Matrix(Vec::new()))
                }
                sink => Ok(give(matrix(opened, finished, grid, cx)?, sink)),
            }
        }
        ValueType::Matrix => range_vector(root, query, cx),
    }
}

/// Removes the names that were only marked so far; series that become equal are joined.
fn finish_names<'q>(mut opened: Opened<'q>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    opened.schema = drop_marked_names(opened.schema, cx)?;
    merge_equal(opened, Conflict::SameStep, cx)
}

fn scalar_series(values: &[f64], grid: Grid, cx: &Cx<'_>) -> Series {
    let floats = grid.times().zip(values).map(|(t, &v)| (t, v)).collect();
    Series { labels: label_set(Labels::empty(), cx), floats, histograms: Vec::new() }
}

fn label_set(labels: Labels, cx: &Cx<'_>) -> LabelSet {
    LabelSet::new(labels, Arc::clone(&cx.symbols))
}

/// The label sets of rows that are collected in their order. Freed aside if the query ends before.
struct LabelsInTurn(Aside<Vec<Labels>>);

impl LabelsInTurn {
    fn new(mut labels: Aside<Vec<Labels>>) -> Self {
        labels.reverse();
        Self(labels)
    }

    fn next(&mut self, cx: &Cx<'_>) -> LabelSet {
        label_set(self.0.pop().expect("invariant: a label set per row"), cx)
    }

    fn skip(&mut self) {
        self.0.pop();
    }
}

fn vector(mut opened: Opened<'_>, at: Timestamp, cx: &Cx<'_>) -> Result<Value, ExecError> {
    let rows = opened.rows();
    cx.keep(rows.saturating_mul(size_of::<VectorSample>()))?;
    let mut samples = Aside::from(Vec::with_capacity(rows));
    let mut labels = LabelsInTurn::new(std::mem::take(&mut opened.schema.labels));
    let mut add = |batch: &Batch| {
        cx.keep(histogram_bytes(batch))?;
        for row in 0..batch.rows() {
            let value = match (batch.float(row, 0), batch.histogram(row, 0)) {
                (Some(v), _) => SampleValue::Float(v),
                (None, Some(h)) => SampleValue::Histogram(Arc::new(h.to_owned())),
                (None, None) => {
                    labels.skip();
                    continue;
                }
            };
            samples.push(VectorSample { labels: labels.next(cx), value });
        }
        Ok(())
    };
    if let Some(blocks) = opened.take_finished(cx)? {
        blocks.iter().try_for_each(|block| add(block))?;
    } else {
        let read = |rows| {
            batches(rows, 1, cx).map(|rows| opened.read(rows, cx)).collect::<Result<Vec<_>, ExecError>>()
        };
        fold_morsels(rows, 1, cx, read, |blocks| blocks.iter().try_for_each(|block| add(block)))?;
    }
    Ok(Value::Vector(at, samples.into_inner()))
}

/// All series, sorted. `finished` are the cells, if they were computed already.
fn matrix(
    mut opened: Opened<'_>,
    finished: Option<Vec<Block>>,
    grid: Grid,
    cx: &Cx<'_>,
) -> Result<Vec<Series>, ExecError> {
    let rows = opened.rows();
    let mut held = cx.hold(rows.saturating_mul(size_of::<Series>()))?;
    let mut all = Aside::from(Vec::<Series>::with_capacity(rows));
    let mut labels = LabelsInTurn::new(std::mem::take(&mut opened.schema.labels));
    // The points are those that selectors and functions have counted already; only their bytes are new.
    let mut add = |part: Part| {
        held.absorb(part.held);
        for points in part.rows {
            match points {
                None => labels.skip(),
                Some((floats, histograms)) => {
                    all.push(Series { labels: labels.next(cx), floats, histograms });
                }
            }
        }
        Ok(())
    };
    if let Some(blocks) = finished {
        let mut part = Part::new(rows, cx)?;
        blocks.into_iter().try_for_each(|block| part.add(block, grid))?;
        add(part)?;
    } else {
        let read = |rows: Range<usize>| {
            Part::new(rows.len(), cx)?.read(rows, grid, cx, |rows| opened.read(rows, cx))
        };
        fold_morsels(rows, grid.len, cx, read, add)?;
    }
    // Sorting takes room, and what the series were made of is no longer needed.
    drop((labels, opened));
    sort(&mut all, cx)?;
    Ok(all.into_inner())
}

/// Series to whoever takes them, the query or its sink.
fn give(series: Vec<Series>, sink: Option<Sink<'_>>) -> Value {
    let Some(sink) = sink else { return Value::Matrix(series) };
    if !series.is_empty() {
        // There are no more to ask for.
        let _ = sink(series);
    }
    Value::Matrix(Vec::new())
}

/// Hands over the series in the order of their labels, as they are computed, until the sink has enough.
fn stream(opened: &Opened<'_>, grid: Grid, sink: Sink<'_>, cx: &Cx<'_>) -> Result<(), ExecError> {
    let labels = &opened.schema.labels;
    let order = sorted_labels(labels.len(), |i| &labels[i], cx)?;
    let _order = cx.hold(order.len().saturating_mul(size_of::<usize>()))?;
    let samples = cx.held_samples();
    let mut enough = false;
    let wave = morsel_rows(grid.len).saturating_mul(morsels_in_flight());
    for order in order.chunks(wave) {
        let read = |rows: Range<usize>| {
            let first = rows.start;
            let part = Part::lent(rows.len(), cx)?;
            Ok((first, part.read(rows, grid, cx, |rows| opened.read_some(&order[rows], cx))?))
        };
        let hand_over = |(first, part): (usize, Part)| {
            let mut series = Vec::with_capacity(part.rows.len());
            series.extend(part.rows.into_iter().zip(&order[first..]).filter_map(|(points, &row)| {
                let (floats, histograms) = points?;
                Some(Series { labels: label_set(labels[row].clone(), cx), floats, histograms })
            }));
            enough = enough || (!series.is_empty() && sink(series).is_break());
            Ok(())
        };
        fold_morsels(order.len(), grid.len, cx, read, hand_over)
            .map_err(|error| first_error(error, &[opened], cx))?;
        // They are the sink's now.
        cx.release_samples_to(samples, 0);
        if enough {
            break;
        }
    }
    Ok(())
}

/// The points of some rows, and what they take.
struct Part {
    rows: Vec<Option<Points>>,
    held: Held,
    /// Who gets the cells back when nobody looks at the points any more.
    home: Option<Arc<dyn Home>>,
}

impl Part {
    fn new(rows: usize, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let held = cx.hold(rows.saturating_mul(size_of::<Option<Points>>()))?;
        Ok(Self { rows: Vec::with_capacity(rows), held, home: None })
    }

    /// No points yet of some rows that are given away soon.
    fn lent(rows: usize, cx: &Cx<'_>) -> Result<Self, ExecError> {
        Ok(Self { home: Some(cx.home()), ..Self::new(rows, cx)? })
    }

    /// Adds the points of the rows that `read` gives for numbers of rows, batch by batch.
    fn read(
        mut self,
        rows: Range<usize>,
        grid: Grid,
        cx: &Cx<'_>,
        read: impl Fn(Range<usize>) -> Result<Block, ExecError>,
    ) -> Result<Self, ExecError> {
        for rows in batches(rows, grid.len, cx) {
            self.add(read(rows)?, grid)?;
        }
        Ok(self)
    }

    /// The points of more rows. They stay where they are, unless a list of them takes less room.
    fn add(&mut self, block: Block, grid: Grid) -> Result<(), ExecError> {
        let rows = block.rows();
        let floats = float_bytes(rows, block.steps());
        if block.histograms().is_some() || result_bytes(&block) < floats {
            self.held.add(result_bytes(&block))?;
            self.rows.extend((0..rows).map(|row| points(&block, row, grid)));
            return Ok(());
        }
        let (shared, held) = block.into_shared(grid)?;
        let shared = Arc::new(match &self.home {
            Some(home) => shared.lent_by(Arc::clone(home)),
            None => shared,
        });
        self.held.absorb(held);
        self.rows.extend((0..rows).map(|row| {
            let floats = Floats::of_row(&shared, row);
            (!floats.is_empty()).then(|| (floats, Vec::new()))
        }));
        Ok(())
    }
}

/// Puts series in the order of their labels.
fn sort(series: &mut [Series], cx: &Cx<'_>) -> Result<(), ExecError> {
    let order = sorted_labels(series.len(), |i| series[i].labels.labels(), cx)?;
    reorder(series, order, cx)
}

/// The numbers below `n` in the order of the label sets that they stand for.
fn sorted_labels<'a>(
    n: usize,
    labels: impl Fn(usize) -> &'a Labels,
    cx: &Cx<'_>,
) -> Result<Vec<usize>, ExecError> {
    let _lists = cx.hold(n.saturating_mul(size_of::<usize>() + size_of::<u64>()))?;
    let keys = sort_keys(n, &labels, &cx.symbols);
    let compare = |a: usize, b: usize| {
        let by_key = if keys.is_empty() { Ordering::Equal } else { keys[a].cmp(&keys[b]) };
        by_key.then_with(|| labels(a).compare(labels(b), &cx.symbols))
    };
    sorted_order(n, compare, cx)
}

/// What the points of a batch take in a result, the list of series left out.
fn result_bytes(batch: &Batch) -> usize {
    batch.valid().count_all() * size_of::<(Timestamp, f64)>() + histogram_bytes(batch)
}

/// What the histograms of a batch take in a result, each on its own.
fn histogram_bytes(batch: &Batch) -> usize {
    if batch.histograms().is_none() {
        return 0;
    }
    let cells = (0..batch.rows()).flat_map(|row| (0..batch.steps()).map(move |step| (row, step)));
    let histograms = cells.filter_map(|(row, step)| batch.histogram(row, step));
    histograms.map(|histogram| histogram.size() + OWNED_HISTOGRAM_BYTES).sum()
}

/// What an owned histogram takes in a list that grows, beside its size.
const OWNED_HISTOGRAM_BYTES: usize = 128;

type Points = (Floats, Vec<(Timestamp, Arc<promqlite_model::histogram::FloatHistogram>)>);

/// The points of a row; `None` if it has none.
fn points(batch: &Batch, row: usize, grid: Grid) -> Option<Points> {
    if !batch.any(row) {
        return None;
    }
    if batch.histograms().is_none() {
        return Some((FloatPoints::of_row(batch, row, grid).collect(), Vec::new()));
    }
    let mut floats = Vec::with_capacity(batch.valid().count(row));
    let mut histograms = Vec::new();
    for step in 0..batch.steps() {
        if let Some(value) = batch.float(row, step) {
            floats.push((grid.time(step), value));
        } else if let Some(histogram) = batch.histogram(row, step) {
            histograms.push((grid.time(step), Arc::new(histogram.to_owned())));
        }
    }
    Some((floats.into(), histograms))
}

/// A bare range selector or subquery: samples at their own times.
fn range_vector<'q>(root: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Value, ExecError> {
    let NodeKind::Range(input) = &root.kind else {
        unreachable!("invariant: only range nodes are range vectors")
    };
    let (rows, geometry) = open_range_input(input, root, query, cx)?;
    let _schema = cx.hold(rows.rows().saturating_mul(size_of::<Labels>()))?;
    let schema = drop_marked_names(rows.schema(cx)?, cx)?;
    let extension: Option<Extension> = match input {
        RangeInput::Selector { extension, .. } => *extension,
        RangeInput::Subquery { .. } => None,
    };
    cx.keep(schema.len().saturating_mul(size_of::<Series>()))?;
    let mut all = Aside::from(Vec::<Series>::with_capacity(schema.len()));
    rows.for_each(0..schema.len(), &geometry, cx, |row, samples| {
        let labels = label_set(schema.labels[row].clone(), cx);
        // The result is as large as the samples were, and its histograms are owned ones.
        cx.keep(bytes_of(&samples).saturating_add(samples.histograms.map_or(0, |h| h.index.len() * 64)))?;
        let series = match extension {
            None => window_series(labels, &samples.slice(geometry.span(0, 0).slice(samples.times))),
            Some(extension) => with_edges(labels, &samples, &geometry, extension)?,
        };
        cx.hold_samples(series.floats.len() + series.histograms.len())?;
        if !series.floats.is_empty() || !series.histograms.is_empty() {
            all.push(series);
        }
        Ok(())
    })?;
    sort(&mut all, cx)?;
    if all.windows(2).any(|pair| pair[0].labels == pair[1].labels) {
        return Err(ExecError::duplicate_labels());
    }
    Ok(Value::Matrix(all.into_inner()))
}

fn window_series(labels: LabelSet, samples: &Samples<'_>) -> Series {
    let histograms = samples.histograms.map_or(0, |h| h.index.iter().filter(|&&i| i != NO_HISTOGRAM).count());
    let mut floats = Vec::with_capacity(samples.len() - histograms);
    let mut owned = Vec::with_capacity(histograms);
    for i in 0..samples.len() {
        let t = Timestamp(samples.times[i]);
        match samples.histogram(i) {
            Some(histogram) => owned.push((t, Arc::new(histogram.to_owned()))),
            None => floats.push((t, samples.values[i])),
        }
    }
    Series { labels, floats: floats.into(), histograms: owned }
}
