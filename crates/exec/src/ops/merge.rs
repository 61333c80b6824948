//! Rows with equal labels become one series.

use std::ops::Range;

use promqlite_model::{Batch, Labels, Validity};

use crate::block::Block;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema, Source, contiguous_runs, first_error};
use crate::ops::grouping::{Groups, Members, all_differ};

/// When rows with equal labels are an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// When two of them have a sample at one step.
    SameStep,
    /// When two of them have any sample: the rule of range-vector functions.
    AnyStep,
}

/// Removes the metadata labels of the rows that are marked, for good.
pub(crate) fn drop_marked_names(mut schema: Schema, cx: &Cx<'_>) -> Result<Schema, ExecError> {
    for (i, drop) in std::mem::take(&mut schema.drop_name).into_iter().enumerate() {
        if i % 1024 == 0 {
            cx.check()?;
        }
        if drop {
            schema.distinct = false;
            schema.labels[i] = schema.labels[i].without_metadata();
        }
    }
    Ok(schema)
}

/// Joins rows with equal labels. Nothing is read unless there are some. Rows whose name is to be removed at the
/// end are not joined with those that keep it: which one a sample belongs to may differ from step to step.
pub(crate) fn merge_equal<'q>(
    input: Opened<'q>,
    conflict: Conflict,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    if input.rows() < 2 || input.schema.distinct || all_differ(&input.schema.labels, cx)? {
        return Ok(input);
    }
    let groups = Groups::by_labels(&input.schema.labels, cx)?;
    if conflict == Conflict::AnyStep {
        check_series(&input, &groups, cx).map_err(|error| first_error(error, &[&input], cx))?;
    }
    let steps = input.steps;
    let (mut input, mut groups) = (input, groups);
    if marks_differ(&groups, &input.schema) {
        let held = cx.hold(input.schema.bytes())?;
        let block = input.read_all(cx)?;
        input = Opened::materialized(input.schema, block).holding(held);
        check_steps(&input, &groups, cx)?;
        part_by_mark(&mut groups, &input.schema);
    }
    if steps == 1 {
        return merge_step(&input, &groups, cx);
    }
    let members = groups.members(cx)?;
    let mut drop_name = Vec::new();
    if !input.schema.drop_name.is_empty() {
        drop_name = (0..groups.len()).map(|group| input.schema.drops_name(members.of(group)[0])).collect();
    }
    let firsts: Vec<usize> = (0..groups.len()).map(|group| members.of(group)[0]).collect();
    let labels = input.schema.take(&firsts, cx)?.labels;
    let merged = Opened::new(Schema { labels, drop_name, distinct: false }, steps, Merge { input, members });
    // Whether rows collide is settled now: whoever reads may not need all of them.
    let batch = merged.read_all(cx)?;
    Ok(Opened::materialized(merged.schema, batch))
}

/// Joins rows of one step: of each group the row with a sample stays, in its place.
fn merge_step<'q>(input: &Opened<'_>, groups: &Groups, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    let batch = input.read_all(cx)?;
    let _rows = cx.hold(groups.len().saturating_mul(size_of::<usize>() + 1))?;
    let (mut met, mut rows) = (vec![false; groups.len()], Vec::with_capacity(groups.len()));
    for row in (0..batch.rows()).filter(|&row| batch.has(row, 0)) {
        if std::mem::replace(&mut met[groups.of_row[row] as usize], true) {
            return Err(ExecError::duplicate_labels());
        }
        rows.push(row);
    }
    let held = cx.hold(rows.len().saturating_mul(size_of::<Labels>()))?;
    let schema = input.schema.take(&rows, cx)?;
    Ok(Opened::materialized(schema, Block::take(&batch, &rows, cx)?).holding(held))
}

/// Whether a group has rows whose name is to be removed, and others.
fn marks_differ(groups: &Groups, schema: &Schema) -> bool {
    let mut first: Vec<Option<bool>> = vec![None; groups.len()];
    let mut differs = |(row, &group): (usize, &u32)| {
        let mark = schema.drops_name(row);
        *first[group as usize].get_or_insert(mark) != mark
    };
    !schema.drop_name.is_empty() && groups.of_row.iter().enumerate().any(&mut differs)
}

/// Moves the rows that are not marked as the first of their group is to groups of their own.
fn part_by_mark(groups: &mut Groups, schema: &Schema) {
    let mut parts: Vec<[Option<u32>; 2]> = vec![[None; 2]; groups.len()];
    for row in 0..groups.of_row.len() {
        let group = groups.of_row[row] as usize;
        let [unmarked, marked] = &mut parts[group];
        let (own, other) = if schema.drops_name(row) { (marked, unmarked) } else { (unmarked, marked) };
        groups.of_row[row] = *own.get_or_insert_with(|| match other {
            None => group as u32,
            Some(_) => {
                let key = groups.keys[group].clone();
                groups.keys.push(key);
                groups.keys.len() as u32 - 1
            }
        });
    }
}

/// No two rows of a group may have a sample at one step.
fn check_steps(input: &Opened<'_>, groups: &Groups, cx: &Cx<'_>) -> Result<(), ExecError> {
    let _held = cx.hold(groups.len().saturating_mul(input.steps.div_ceil(64)).saturating_mul(8))?;
    let mut seen = Validity::none(groups.len(), input.steps);
    input.for_each_batch(cx, |first, batch| {
        for row in 0..batch.rows() {
            let group = groups.of_row[first + row] as usize;
            for step in (0..batch.steps()).filter(|&step| batch.has(row, step)) {
                if seen.get(group, step) {
                    return Err(ExecError::duplicate_labels());
                }
                seen.set(group, step);
            }
        }
        Ok(())
    })
}

fn check_series(input: &Opened<'_>, groups: &Groups, cx: &Cx<'_>) -> Result<(), ExecError> {
    let mut seen = vec![false; groups.len()];
    input.for_each_batch(cx, |first, batch| {
        for row in (0..batch.rows()).filter(|&row| batch.any(row)) {
            let group = groups.of_row[first + row] as usize;
            if std::mem::replace(&mut seen[group], true) {
                return Err(ExecError::duplicate_labels());
            }
        }
        Ok(())
    })
}

struct Merge<'q> {
    input: Opened<'q>,
    members: Members,
}

impl Source for Merge<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let steps = self.input.steps;
        let mut out = Block::empty(rows.len(), steps, cx)?;
        for (to, group) in rows.enumerate() {
            for run in contiguous_runs(self.members.of(group)) {
                let batch = self.input.read(run.clone(), cx)?;
                for from in 0..run.len() {
                    merge_row(&mut out, to, &batch, from)
                        .map_err(|error| first_error(error, &[&self.input], cx))?;
                    out.settle()?;
                }
            }
        }
        Ok(out)
    }
}

fn merge_row(out: &mut Batch, to: usize, batch: &Batch, from: usize) -> Result<(), ExecError> {
    for step in 0..batch.steps() {
        if !batch.has(from, step) {
            continue;
        }
        if out.has(to, step) {
            return Err(ExecError::duplicate_labels());
        }
        out.copy_cell(to, step, batch, from, step);
    }
    Ok(())
}
