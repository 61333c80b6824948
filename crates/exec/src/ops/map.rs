//! Operators that change cells one by one and keep rows as they are.

use std::ops::Range;

use promqlite_functions::MetricNameRule;
use promqlite_model::{Labels, Symbol};

use crate::block::Block;
use crate::budget::Tally;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Source};
use crate::ops::merge::{Conflict, merge_equal};

/// Applies `change` to every batch.
pub(crate) struct Map<'q, F> {
    pub input: Opened<'q>,
    pub change: F,
}

impl<F> Map<'_, F>
where
    F: Fn(&mut Block, &Cx<'_>) -> Result<(), ExecError>,
{
    fn changed(&self, mut batch: Block, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let room = batch.room_for_more(cx)?;
        (self.change)(&mut batch, cx)?;
        drop(room);
        batch.settle()?;
        Ok(batch)
    }
}

impl<F> Source for Map<'_, F>
where
    F: Fn(&mut Block, &Cx<'_>) -> Result<(), ExecError> + Send + Sync,
{
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.changed(self.input.read(rows, cx)?, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.changed(self.input.read_some(rows, cx)?, cx)
    }
}

/// An operator that changes cells and leaves the schema alone.
pub(crate) fn map<'q>(
    mut input: Opened<'q>,
    change: impl Fn(&mut Block, &Cx<'_>) -> Result<(), ExecError> + Send + Sync + 'q,
) -> Opened<'q> {
    let (schema, steps) = (std::mem::take(&mut input.schema), input.steps);
    Opened::new(schema, steps, Map { input, change })
}

/// What an operator that drops names makes of its rows: marks, or shorter label sets that may now be equal.
pub(crate) fn drop_names<'q>(
    mut input: Opened<'q>,
    rule: MetricNameRule,
    conflict: Conflict,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    if rule == MetricNameRule::Keep {
        return Ok(input);
    }
    if cx.settings.delayed_name_removal {
        // Rows that only their marks told apart are one series from now on.
        let marks = &input.schema.drop_name;
        let apart = marks.iter().any(|mark| *mark) && marks.iter().any(|mark| !*mark);
        input.schema = input.schema.mark_all();
        return if apart && input.steps > 1 { merge_equal(input, Conflict::SameStep, cx) } else { Ok(input) };
    }
    let shorter = |labels: &Labels| match rule {
        MetricNameRule::DropNameOnly => labels.without(|name| name == Symbol::NAME),
        _ => labels.without_metadata(),
    };
    // Rows that agree in what goes differ in what stays.
    input.schema.distinct &= agree_in_metadata(&input.schema.labels);
    let mut tally = Tally::new(cx, 0)?;
    for labels in input.schema.labels.iter_mut() {
        *labels = shorter(labels);
        tally.add(labels.bytes())?;
    }
    input.schema.drop_name = Vec::new();
    let input = input.holding(tally.finish()?);
    merge_equal(input, conflict, cx)
}

/// Whether all label sets have one metric name, and no type and unit.
fn agree_in_metadata(rows: &[Labels]) -> bool {
    let Some((first, rest)) = rows.split_first() else { return true };
    let name = first.get(Symbol::NAME);
    let plain = |labels: &Labels| {
        labels.get(Symbol::TYPE) == Symbol::EMPTY && labels.get(Symbol::UNIT) == Symbol::EMPTY
    };
    plain(first) && rest.iter().all(|labels| labels.get(Symbol::NAME) == name && plain(labels))
}
