//! Aggregations: which kernel runs how.

use promqlite_functions::Stop;
use promqlite_functions::aggregate::{
    AggregateKernel, LimitKState, ParameterError, QuantileState, TopKState, count_parameter, limit_ratio_row,
    note_quantile_parameter, ratio_parameter, series_position,
};
use promqlite_model::{Annotations, Batch, Pos};
use promqlite_plan::Grouping;

use crate::block::{Block, float_bytes};
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Opened;
use crate::ops::count_values::open_count_values;
use crate::ops::fold::{group_schema, open_fold};
use crate::ops::grouping::{Groups, KeyLabels};
use crate::ops::marks::aggregate_marked;
use crate::ops::scalar::Numbers;

/// A parameter that was evaluated already.
pub(crate) enum Param {
    None,
    /// A number per step.
    Numbers(Numbers, Pos),
    Text(String),
}

/// What a selected row takes in lists of rows that grow, and in the schema.
const ROW_BYTES: usize = 40;

/// Where an aggregation's annotations point.
#[derive(Clone, Copy)]
pub(crate) struct Positions {
    pub aggregation: Pos,
    pub operand: Pos,
}

/// Runs an aggregation over all of its input.
pub(crate) fn open_aggregate<'q>(
    kernel: AggregateKernel,
    grouping: &Grouping,
    input: Opened<'q>,
    param: Param,
    at: Positions,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    match (kernel, param) {
        (AggregateKernel::Fold(fold), _) => {
            aggregate_marked(input, grouping, cx, |input| open_fold(fold, grouping, input, at.operand, cx))
        }
        (AggregateKernel::Quantile, Param::Numbers(q, pos)) => {
            aggregate_marked(input, grouping, cx, |input| {
                open_quantile(grouping, input, &q, pos, at.operand, cx)
            })
        }
        (AggregateKernel::CountValues, Param::Text(label)) => open_count_values(&label, grouping, &input, cx),
        (AggregateKernel::TopK { largest }, Param::Numbers(k, _)) => {
            open_top_k(largest, grouping, &input, &k, at.aggregation, cx)
        }
        (AggregateKernel::LimitK, Param::Numbers(k, _)) => open_limit_k(grouping, &input, &k, cx),
        (AggregateKernel::LimitRatio, Param::Numbers(r, pos)) => open_limit_ratio(&input, &r, pos, cx),
        _ => unreachable!("invariant: the check gives each aggregation its parameter"),
    }
}

/// The error of a parameter. Those of the operand come first.
fn after_operand(input: &Opened<'_>, error: ParameterError, cx: &Cx<'_>) -> ExecError {
    match input.read_for_remarks(0..input.rows(), cx) {
        Ok(()) => ExecError::Evaluation(error.to_string()),
        Err(first) => first,
    }
}

fn open_quantile<'q>(
    grouping: &Grouping,
    input: &Opened<'_>,
    q: &[f64],
    param: Pos,
    operand: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let groups = Groups::by_key(&input.schema.labels, &KeyLabels::of_grouping(grouping, &cx.symbols), cx)?;
    let mut notes = Annotations::default();
    note_quantile_parameter(q, &mut notes, param);
    let sizes = groups.sizes();
    let kept = cx.hold(float_bytes(input.rows(), input.steps).saturating_add(groups.len() * 72))?;
    let mut state = QuantileState::new(groups.len(), input.steps);
    state.reserve(&sizes);
    input.for_each_batch(cx, |first, batch| {
        for row in 0..batch.rows() {
            state.add_row(groups.of_row[first + row] as usize, &batch, row);
        }
        Ok(())
    })?;
    let room = cx.hold(float_bytes(groups.len(), input.steps))?;
    let is_over = || cx.is_over();
    let batch = state.finish(q, Stop::new(&is_over), &mut notes, operand);
    cx.check()?;
    drop((room, kept));
    cx.note_all(notes)?;
    let block = Block::adopt(batch, cx)?;
    Ok(Opened::materialized(group_schema(&input.schema, &groups), block).holding(groups.held))
}

fn open_top_k<'q>(
    largest: bool,
    grouping: &Grouping,
    input: &Opened<'_>,
    k: &[f64],
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let Some(k) = count_parameter(k, input.rows()).map_err(|e| after_operand(input, e, cx))? else {
        return nothing_of(input, cx);
    };
    let groups = Groups::by_key(&input.schema.labels, &KeyLabels::of_grouping(grouping, &cx.symbols), cx)?;
    let sizes = groups.sizes();
    let mut held = cx.hold(TopKState::bytes_needed(&k, &sizes))?;
    let mut state = TopKState::new(largest, k, &sizes);
    input.for_each_batch(cx, |first, batch| {
        for row in 0..batch.rows() {
            state.add_row(groups.of_row[first + row] as usize, &batch, row, (first + row) as u32);
        }
        Ok(())
    })?;
    // Which rows were selected is known only when the state is taken apart.
    let most = state.most_rows().min(input.rows());
    held.add(float_bytes(most, input.steps).saturating_add(most.saturating_mul(ROW_BYTES)))?;
    let mut notes = Annotations::default();
    let selected = state.finish(&mut notes, pos);
    drop(held);
    cx.note_all(notes)?;
    let rows: Vec<usize> = selected.rows.iter().map(|&row| row as usize).collect();
    Ok(Opened::materialized(input.schema.take(&rows, cx)?, Block::adopt(selected.batch, cx)?))
}

fn open_limit_k<'q>(
    grouping: &Grouping,
    input: &Opened<'_>,
    k: &[f64],
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let Some(k) = count_parameter(k, input.rows()).map_err(|e| after_operand(input, e, cx))? else {
        return nothing_of(input, cx);
    };
    let groups = Groups::by_key(&input.schema.labels, &KeyLabels::of_grouping(grouping, &cx.symbols), cx)?;
    let counts = groups.len().saturating_mul(input.steps).saturating_mul(size_of::<usize>());
    let _counts = cx.hold(counts)?;
    let mut state = LimitKState::new(groups.len(), k);
    keep_rows(input, cx, |row, batch, at| state.keep_row(groups.of_row[row] as usize, batch, at))
}

fn open_limit_ratio<'q>(
    input: &Opened<'_>,
    ratios: &[f64],
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let mut notes = Annotations::default();
    let ratios = ratio_parameter(ratios, &mut notes, pos).map_err(|e| after_operand(input, e, cx))?;
    cx.note_all(notes)?;
    let Some(ratios) = ratios else { return nothing_of(input, cx) };
    keep_rows(input, cx, |row, batch, at| {
        let labels = input.schema.labels[row].iter();
        let position = series_position(labels.map(|l| (cx.symbols.get(l.name), cx.symbols.get(l.value))));
        limit_ratio_row(position, &ratios, batch, at);
    })
}

/// No rows; the input is read for its remarks and errors all the same.
fn nothing_of<'q>(input: &Opened<'_>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    input.read_for_remarks(0..input.rows(), cx)?;
    Ok(Opened::empty(input.steps))
}

/// Passes rows through `filter(row, batch, row in batch)` in order and keeps those with anything left.
fn keep_rows<'q>(
    input: &Opened<'_>,
    cx: &Cx<'_>,
    mut filter: impl FnMut(usize, &mut Batch, usize),
) -> Result<Opened<'q>, ExecError> {
    let mut rows = Vec::new();
    let mut kept: Vec<Block> = Vec::new();
    let mut held = cx.hold(0)?;
    input.for_each_batch(cx, |first, mut batch| {
        (0..batch.rows()).for_each(|at| filter(first + at, &mut batch, at));
        let some: Vec<usize> = (0..batch.rows()).filter(|&at| batch.any(at)).collect();
        if !some.is_empty() {
            held.add(some.len() * ROW_BYTES)?;
            rows.extend(some.iter().map(|at| first + at));
            kept.push(if some.len() == batch.rows() { batch } else { Block::take(&batch, &some, cx)? });
        }
        Ok(())
    })?;
    Ok(Opened::materialized(input.schema.take(&rows, cx)?, Block::concat(&kept, input.steps, cx)?))
}
