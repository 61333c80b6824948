//! Aggregations: which kernel runs how.

use std::ops::Range;

use promqlite_functions::Stop;
use promqlite_functions::aggregate::{
    AggregateKernel, LimitKState, ParameterError, QuantileState, SeriesPosition, TopKState, count_parameter,
    limit_ratio_row, note_quantile_parameter, ratio_keeps, ratio_parameter,
};
use promqlite_model::{Annotations, Batch, Labels, Pos};
use promqlite_plan::Grouping;

use crate::block::{Block, float_bytes};
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::morsels::batch_rows;
use crate::operator::{Opened, Schema, Source};
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
        (AggregateKernel::LimitRatio, Param::Numbers(r, pos)) => open_limit_ratio(input, &r, pos, cx),
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
    let most = k.iter().copied().max().unwrap_or(0);
    let mut state = LimitKState::new(groups.len(), k);
    let mut kept = KeptRows::new(cx)?;
    let group_of = |row: usize| groups.of_row[row] as usize;
    if input.is_quiet() && groups.len().saturating_mul(most) <= input.rows() / 2 {
        // Most rows are of groups that have enough before their turn comes.
        let mut next = 0..most.max(1);
        while let Some(first) = (next.start..input.rows()).find(|&row| !state.is_full(group_of(row))) {
            let last = input.rows().min(first + next.len().min(batch_rows(input.steps, cx)));
            let end = (first..last).find(|&row| state.is_full(group_of(row))).unwrap_or(last);
            let batch = input.read(first..end, cx)?;
            kept.add(first, batch, |row, batch, at| state.keep_row(group_of(row), batch, at), cx)?;
            next = end..end + 2 * (end - first);
        }
    } else {
        input.for_each_batch(cx, |first, batch| {
            kept.add(first, batch, |row, batch, at| state.keep_row(group_of(row), batch, at), cx)
        })?;
    }
    kept.finish(input, cx)
}

fn open_limit_ratio<'q>(
    input: Opened<'q>,
    ratios: &[f64],
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let mut notes = Annotations::default();
    let ratios = ratio_parameter(ratios, &mut notes, pos).map_err(|e| after_operand(&input, e, cx))?;
    cx.note_all(notes)?;
    let Some(ratios) = ratios else { return nothing_of(&input, cx) };
    let mut position = SeriesPosition::default();
    let mut position_of = |labels: &Labels| {
        position.of(labels.iter().map(|l| (cx.symbols.get(l.name), cx.symbols.get(l.value))))
    };
    if let [ratio, rest @ ..] = &ratios[..]
        && rest.iter().all(|other| other == ratio)
        && input.is_quiet()
    {
        // Series stay or go for all steps: those that go need not be read.
        let mut rows = Vec::new();
        let mut held = cx.hold(0)?;
        for (row, labels) in input.schema.labels.iter().enumerate() {
            if row % 4096 == 0 {
                cx.check()?;
                let more = (input.rows() - row).min(4096);
                held.grow_to(2 * (rows.len() + more) * size_of::<usize>())?;
            }
            if ratio_keeps(position_of(labels), *ratio) {
                rows.push(row);
            }
        }
        let schema = Schema { distinct: input.schema.distinct, ..input.schema.take(&rows, cx)? };
        return Ok(Opened::new(schema, input.steps, Picked { input, rows }).holding(held));
    }
    let mut kept = KeptRows::new(cx)?;
    input.for_each_batch(cx, |first, batch| {
        let filter = |row: usize, batch: &mut Batch, at| {
            limit_ratio_row(position_of(&input.schema.labels[row]), &ratios, batch, at);
        };
        kept.add(first, batch, filter, cx)
    })?;
    kept.finish(&input, cx)
}

/// Some rows of a quiet input: the others stay unread.
struct Picked<'q> {
    input: Opened<'q>,
    rows: Vec<usize>,
}

impl Source for Picked<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.input.read_some(&self.rows[rows], cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let rows: Vec<usize> = rows.iter().map(|&row| self.rows[row]).collect();
        self.input.read_some(&rows, cx)
    }

    fn is_quiet(&self) -> bool {
        true
    }
}

/// No rows; the input is read for its remarks and errors all the same.
fn nothing_of<'q>(input: &Opened<'_>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    input.read_for_remarks(0..input.rows(), cx)?;
    Ok(Opened::empty(input.steps))
}

/// Rows of an input that a filter left something of.
struct KeptRows {
    rows: Vec<usize>,
    blocks: Vec<Block>,
    held: Held,
}

impl KeptRows {
    fn new(cx: &Cx<'_>) -> Result<Self, ExecError> {
        Ok(Self { rows: Vec::new(), blocks: Vec::new(), held: cx.hold(0)? })
    }

    /// Passes the rows of a batch through `filter(row, batch, row in batch)` and keeps those with anything left.
    /// Batches come in order; `first` is the number of this one's first row.
    fn add(
        &mut self,
        first: usize,
        mut batch: Block,
        mut filter: impl FnMut(usize, &mut Batch, usize),
        cx: &Cx<'_>,
    ) -> Result<(), ExecError> {
        (0..batch.rows()).for_each(|at| filter(first + at, &mut batch, at));
        let some: Vec<usize> = (0..batch.rows()).filter(|&at| batch.any(at)).collect();
        if !some.is_empty() {
            self.held.add(some.len() * ROW_BYTES)?;
            self.rows.extend(some.iter().map(|at| first + at));
            let whole = some.len() == batch.rows();
            self.blocks.push(if whole { batch } else { Block::take(&batch, &some, cx)? });
        }
        Ok(())
    }

    fn finish<'q>(self, input: &Opened<'_>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
        let block = Block::concat(&self.blocks, input.steps, cx)?;
        Ok(Opened::materialized(input.schema.take(&self.rows, cx)?, block))
    }
}
