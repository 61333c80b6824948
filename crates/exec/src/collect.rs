//! The last step: batches become a [`Value`].

use std::cmp::Ordering;
use std::sync::Arc;

use promqlite_functions::Extension;
use promqlite_model::{
    Batch, Grid, LabelSet, NO_HISTOGRAM, SampleValue, Samples, Series, Timestamp, Value, ValueType,
    VectorSample,
};
use promqlite_plan::{Node, NodeKind, RangeInput};

use crate::aside::Aside;
use crate::budget::Held;
use crate::build::{open, open_range_input};
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, batches, fold_morsels};
use crate::ops::buffer::bytes_of;
use crate::ops::calls::text;
use crate::ops::extended_range::with_edges;
use crate::ops::merge::{Conflict, drop_marked_names, merge_equal};
use crate::ops::order::{reorder, sort_keys, sorted_order};
use crate::ops::scalar::scalar;
use crate::run::Query;

/// Evaluates the root and shapes the result as the API has it.
pub(crate) fn collect<'q>(query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Value, ExecError> {
    let root = &query.plan.root;
    let grid = root.grid;
    match root.ty {
        ValueType::String => Ok(Value::String(grid.start, text(root)?.to_owned())),
        ValueType::Scalar => {
            let values = scalar(root, query, cx)?;
            cx.hold_samples(values.len())?;
            if query.plan.is_range {
                cx.keep(values.len().saturating_mul(size_of::<(Timestamp, f64)>()))?;
                return Ok(Value::Matrix(vec![scalar_series(&values, grid, cx)]));
            }
            Ok(Value::Scalar(grid.start, values[0]))
        }
        ValueType::Vector => {
            let opened = finish_names(open(root, query, cx)?, cx)?;
            if query.plan.is_range { matrix(&opened, grid, cx) } else { vector(&opened, grid.start, cx) }
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
    Series { labels: label_set(&promqlite_model::Labels::empty(), cx), floats, histograms: Vec::new() }
}

fn label_set(labels: &promqlite_model::Labels, cx: &Cx<'_>) -> LabelSet {
    LabelSet::new(labels.clone(), Arc::clone(&cx.symbols))
}

fn vector(opened: &Opened<'_>, at: Timestamp, cx: &Cx<'_>) -> Result<Value, ExecError> {
    cx.keep(opened.rows().saturating_mul(size_of::<VectorSample>()))?;
    let mut samples = Aside::from(Vec::with_capacity(opened.rows()));
    opened.for_each_batch(cx, |first, batch| {
        cx.keep(histogram_bytes(&batch))?;
        for row in 0..batch.rows() {
            let value = match (batch.float(row, 0), batch.histogram(row, 0)) {
                (Some(v), _) => SampleValue::Float(v),
                (None, Some(h)) => SampleValue::Histogram(Arc::new(h.to_owned())),
                (None, None) => continue,
            };
            samples.push(VectorSample { labels: label_set(&opened.schema.labels[first + row], cx), value });
        }
        Ok(())
    })?;
    Ok(Value::Vector(at, samples.into_inner()))
}

fn matrix(opened: &Opened<'_>, grid: Grid, cx: &Cx<'_>) -> Result<Value, ExecError> {
    let mut held = cx.hold(opened.rows().saturating_mul(size_of::<Series>()))?;
    let mut all = Aside::from(Vec::<Series>::with_capacity(opened.rows()));
    let read = |rows: std::ops::Range<usize>| {
        let mut part = Vec::new();
        let mut held = cx.hold(0)?;
        for rows in batches(rows, opened.steps, cx) {
            let first = rows.start;
            let batch = opened.read(rows, cx)?;
            held.add(result_bytes(&batch))?;
            part.extend((0..batch.rows()).filter_map(|row| {
                let (floats, histograms) = points(&batch, row, grid)?;
                let labels = label_set(&opened.schema.labels[first + row], cx);
                Some(Series { labels, floats, histograms })
            }));
        }
        Ok((part, held))
    };
    fold_morsels(opened.rows(), opened.steps, cx, read, |(part, part_held): (Vec<Series>, Held)| {
        // The points are those that selectors and functions have counted already; only their bytes are new.
        held.absorb(part_held);
        all.extend(part);
        Ok(())
    })?;
    sort(&mut all, cx)?;
    Ok(Value::Matrix(all.into_inner()))
}

/// Puts series in the order of their labels.
fn sort(series: &mut [Series], cx: &Cx<'_>) -> Result<(), ExecError> {
    let _lists = cx.hold(series.len().saturating_mul(size_of::<usize>() + size_of::<u64>()))?;
    let keys = sort_keys(series.len(), |i| series[i].labels.labels(), &cx.symbols);
    let compare = |a: usize, b: usize| {
        let by_key = if keys.is_empty() { Ordering::Equal } else { keys[a].cmp(&keys[b]) };
        by_key.then_with(|| series[a].labels.cmp(&series[b].labels))
    };
    let order = sorted_order(series.len(), compare, cx)?;
    reorder(series, order, cx)
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

type Points = (Vec<(Timestamp, f64)>, Vec<(Timestamp, Arc<promqlite_model::histogram::FloatHistogram>)>);

/// The points of a row; `None` if it has none.
fn points(batch: &Batch, row: usize, grid: Grid) -> Option<Points> {
    if !batch.any(row) {
        return None;
    }
    if batch.histograms().is_none() {
        return Some((float_points(batch, row, grid), Vec::new()));
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
    Some((floats, histograms))
}

/// The points of a row of floats.
fn float_points(batch: &Batch, row: usize, grid: Grid) -> Vec<(Timestamp, f64)> {
    let values = batch.row(row);
    let point = |step: usize| (grid.time(step), values[step]);
    let valid = batch.valid();
    let count = valid.count(row);
    if count == values.len() {
        return (0..count).map(point).collect();
    }
    let mut floats = Vec::with_capacity(count);
    for (i, &word) in valid.row(row).iter().enumerate() {
        let mut bits = word;
        while bits != 0 {
            floats.push(point(i * 64 + bits.trailing_zeros() as usize));
            bits &= bits - 1;
        }
    }
    floats
}

/// A bare range selector or subquery: samples at their own times.
fn range_vector<'q>(root: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Value, ExecError> {
    let NodeKind::Range(input) = &root.kind else {
        unreachable!("invariant: only range nodes are range vectors")
    };
    let (rows, geometry) = open_range_input(input, root, query, cx)?;
    let _schema = cx.hold(rows.rows().saturating_mul(size_of::<promqlite_model::Labels>()))?;
    let schema = drop_marked_names(rows.schema(cx)?, cx)?;
    let extension: Option<Extension> = match input {
        RangeInput::Selector { extension, .. } => *extension,
        RangeInput::Subquery { .. } => None,
    };
    cx.keep(schema.len().saturating_mul(size_of::<Series>()))?;
    let mut all = Aside::from(Vec::<Series>::with_capacity(schema.len()));
    rows.for_each(0..schema.len(), &geometry, cx, |row, samples| {
        let labels = label_set(&schema.labels[row], cx);
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
    let mut series = Series {
        labels,
        floats: Vec::with_capacity(samples.len() - histograms),
        histograms: Vec::with_capacity(histograms),
    };
    for i in 0..samples.len() {
        let t = Timestamp(samples.times[i]);
        match samples.histogram(i) {
            Some(histogram) => series.histograms.push((t, Arc::new(histogram.to_owned()))),
            None => series.floats.push((t, samples.values[i])),
        }
    }
    series
}
