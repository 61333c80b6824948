//! Set operators: `and`, `or`, `unless`. They pass samples through; only presence decides.

use std::ops::Range;

use promqlite_functions::binary::BinaryOp;
use promqlite_model::{Batch, Validity, words_for};
use promqlite_plan::Matching;

use crate::block::Block;
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::morsels::{fold_morsels, morsel_rows};
use crate::operator::{Opened, Schema, Source, first_error};
use crate::ops::grouping::{Grouper, KeyLabels};
use crate::ops::merge::{Conflict, merge_equal};

/// Opens a set operator.
pub(crate) fn open_set<'q>(
    op: BinaryOp,
    matching: &Matching,
    lhs: Opened<'q>,
    rhs: Opened<'q>,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let key = KeyLabels::of_matching(matching, &cx.symbols);
    if op == BinaryOp::Or { open_or(&key, lhs, rhs, cx) } else { open_filter(op, &key, lhs, &rhs, cx) }
}

/// What a row takes in a set operator's lists: its labels, its number, its group.
const ROW_BYTES: usize = 32;

/// So many morsels of left rows may be kept though only some of them are met: about 1 MB.
const FEW_MORSELS: usize = 4;

/// Which groups have a sample at which step: a row of bits per group.
pub(crate) struct Presence {
    pub bits: Validity,
    _held: Held,
}

impl Presence {
    /// No samples at all.
    fn none(groups: usize, steps: usize, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let held = cx.hold(groups.saturating_mul(words_for(steps)).saturating_mul(8))?;
        Ok(Self { bits: Validity::none(groups, steps), _held: held })
    }

    /// Of the rows that `group` puts into a group.
    pub(crate) fn of(
        input: &Opened<'_>,
        groups: usize,
        group_of: impl Fn(usize) -> Option<u32>,
        cx: &Cx<'_>,
    ) -> Result<Self, ExecError> {
        let mut presence = Self::none(groups, input.steps, cx)?;
        input.for_each_batch(cx, |first, batch| {
            for row in 0..batch.rows() {
                if let Some(group) = group_of(first + row) {
                    add_presence(&mut presence.bits, group as usize, &batch, row);
                }
            }
            Ok(())
        })?;
        Ok(presence)
    }
}

/// Switches on the bits of the steps at which a row of `batch` holds anything.
pub(crate) fn add_presence(bits: &mut Validity, group: usize, batch: &Batch, row: usize) {
    for (to, from) in bits.row_mut(group).iter_mut().zip(batch.valid().row(row)) {
        *to |= from;
    }
    if let Some(histograms) = batch.histograms().filter(|h| h.any(row)) {
        (0..batch.steps()).filter(|&k| histograms.has(row, k)).for_each(|k| bits.set(group, k));
    }
}

/// `and` and `unless`: left rows, cell by cell, where the right side has (has not) the signature.
fn open_filter<'q>(
    op: BinaryOp,
    key: &KeyLabels,
    lhs: Opened<'q>,
    rhs: &Opened<'_>,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let mut grouper = Grouper::new(key, cx)?;
    let left = grouper.insert_all(&lhs.schema.labels)?;
    let right = grouper.find_all(&rhs.schema.labels)?;
    let presence = Presence::of(rhs, grouper.len(), |row| right[row], cx);
    let presence = presence.map_err(|error| first_error(error, &[&lhs], cx))?;
    let mut on_right = vec![false; grouper.len()];
    right.iter().flatten().for_each(|&group| on_right[group as usize] = true);
    let keep_matched = op == BinaryOp::And;
    // Rows that can never pass are gone before their data is read.
    let passes = |row: &usize| !keep_matched || on_right[left[*row] as usize];
    let rows: Vec<usize> = (0..left.len()).filter(passes).collect();
    lhs.read_for_remarks((0..left.len()).filter(|row| !passes(row)), cx)?;
    let held = cx.hold(rows.len() * ROW_BYTES)?;
    let schema = lhs.schema.take(&rows, cx)?;
    let groups = rows.iter().map(|&row| left[row]).collect();
    let filter = Filter { input: lhs, rows, groups, presence, keep_matched };
    Ok(Opened::new(schema, filter.input.steps, filter).holding(held))
}

struct Filter<'q> {
    input: Opened<'q>,
    rows: Vec<usize>,
    groups: Vec<u32>,
    presence: Presence,
    keep_matched: bool,
}

impl Source for Filter<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        Ok(self.filtered(self.input.read_some(&self.rows[rows.clone()], cx)?, rows))
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let of_input: Vec<usize> = rows.iter().map(|&row| self.rows[row]).collect();
        Ok(self.filtered(self.input.read_some(&of_input, cx)?, rows.iter().copied()))
    }
}

impl Filter<'_> {
    fn filtered(&self, mut batch: Block, rows: impl Iterator<Item = usize>) -> Block {
        for (at, row) in rows.enumerate() {
            let bits = self.presence.bits.row(self.groups[row] as usize);
            keep(&mut batch, at, bits, self.keep_matched);
        }
        batch
    }
}

/// Empties the cells of a row whose bit is off (on, if `matched` is false).
pub(crate) fn keep(batch: &mut Batch, row: usize, bits: &[u64], matched: bool) {
    let flip = if matched { 0 } else { u64::MAX };
    for (word, bits) in batch.valid_mut().row_mut(row).iter_mut().zip(bits) {
        *word &= bits ^ flip;
    }
    if batch.histograms().is_some_and(|h| h.any(row)) {
        for k in 0..batch.steps() {
            let on = bits[k / 64] >> (k % 64) & 1 == 1;
            if on != matched && batch.histogram(row, k).is_some() {
                batch.clear(row, k);
            }
        }
    }
}

/// `or`: all left rows, then right rows where the left side lacks the signature.
fn open_or<'q>(
    key: &KeyLabels,
    lhs: Opened<'q>,
    rhs: Opened<'q>,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let mut grouper = Grouper::new(key, cx)?;
    let left = grouper.insert_all(&lhs.schema.labels)?;
    let right = grouper.find_all(&rhs.schema.labels)?;
    let (groups, steps) = (grouper.len(), lhs.steps);
    let (_, held) = grouper.finish()?;
    let rows = cx.hold((lhs.rows() + rhs.rows()) * ROW_BYTES)?;
    // Each left row is read once: for its presence only if a right row meets it.
    let mut is_met = vec![false; groups];
    right.iter().flatten().for_each(|&group| is_met[group as usize] = true);
    let met: Vec<usize> = (0..left.len()).filter(|&row| is_met[left[row] as usize]).collect();
    let (lhs, known, presence) = read_met(lhs, met, &left, groups, cx)?;
    let mut schema = Schema::new(Vec::with_capacity(lhs.rows() + rhs.rows()));
    for labels in [&lhs.schema.labels, &rhs.schema.labels].into_iter().flat_map(|l| l.chunks(4096)) {
        cx.check()?;
        schema.labels.extend_from_slice(labels);
    }
    let (l, r) = (&lhs.schema, &rhs.schema);
    if !l.drop_name.is_empty() || !r.drop_name.is_empty() {
        schema.drop_name = (0..l.len()).map(|i| l.drops_name(i)).collect();
        schema.drop_name.extend((0..r.len()).map(|i| r.drops_name(i)));
    }
    let union = Union { split: lhs.rows(), lhs, known, rhs, right, presence };
    merge_equal(Opened::new(schema, steps, union).holding(held).holding(rows), Conflict::SameStep, cx)
}

/// Reads the left rows that are met, and tells at which steps their groups have samples.
fn read_met<'q>(
    lhs: Opened<'q>,
    met: Vec<usize>,
    left: &[u32],
    groups: usize,
    cx: &Cx<'_>,
) -> Result<(Opened<'q>, Known, Presence), ExecError> {
    // Few rows are kept as a whole: that copies none of them.
    let keeps_all = met.len() == left.len() || left.len() <= FEW_MORSELS * morsel_rows(lhs.steps);
    if !met.is_empty() && keeps_all {
        let batch = lhs.read_all(cx)?;
        let held = cx.hold(lhs.schema.bytes())?;
        let lhs = Opened::materialized(lhs.schema, batch).holding(held);
        let presence = Presence::of(&lhs, groups, |row| Some(left[row]), cx)?;
        let known = Known::read(Vec::new(), &lhs, cx)?;
        return Ok((lhs, known, presence));
    }
    let mut presence = Presence::none(if met.is_empty() { 0 } else { groups }, lhs.steps, cx)?;
    let known = Known::read(met, &lhs, cx)?;
    for (at, &row) in known.rows.iter().enumerate() {
        add_presence(&mut presence.bits, left[row] as usize, &known.block, at);
    }
    Ok((lhs, known, presence))
}

/// Rows of an input that were read already.
struct Known {
    rows: Vec<usize>,
    block: Block,
}

impl Known {
    /// Reads some rows, in parallel.
    fn read(rows: Vec<usize>, input: &Opened<'_>, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let mut block = Block::empty(rows.len(), input.steps, cx)?;
        let some = |some: Range<usize>| Ok((some.start, input.read_some(&rows[some], cx)?));
        fold_morsels(rows.len(), input.steps, cx, some, |(first, batch)| block.copy_rows(first, &batch))?;
        Ok(Self { rows, block })
    }

    /// The rows in `rows`, those that are not known from `input`.
    fn complete(&self, rows: Range<usize>, input: &Opened<'_>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let first = self.rows.partition_point(|&row| row < rows.start);
        let last = self.rows.partition_point(|&row| row < rows.end);
        if first == last {
            return input.read(rows, cx);
        }
        let mut out = Block::empty(rows.len(), input.steps, cx)?;
        let mut next = rows.start;
        // Behind the last known row come the others.
        for known in (first..last).map(Some).chain([None]) {
            let run = next..known.map_or(rows.end, |known| self.rows[known]);
            if !run.is_empty() {
                out.copy_rows(run.start - rows.start, &*input.read(run.clone(), cx)?)?;
            }
            if let Some(known) = known {
                out.copy_row(run.end - rows.start, &self.block, known);
            }
            out.settle()?;
            next = run.end + 1;
        }
        Ok(out)
    }
}

struct Union<'q> {
    lhs: Opened<'q>,
    known: Known,
    rhs: Opened<'q>,
    split: usize,
    /// The left group of each right row.
    right: Vec<Option<u32>>,
    presence: Presence,
}

impl Union<'_> {
    /// Empties the cells of right rows, `first` and those behind it, that the left side has.
    fn keep_missing(&self, batch: &mut Batch, first: usize) {
        for at in 0..batch.rows() {
            if let Some(group) = self.right[first + at] {
                keep(batch, at, self.presence.bits.row(group as usize), false);
            }
        }
    }
}

impl Source for Union<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let left = rows.start.min(self.split)..rows.end.min(self.split);
        let right = rows.start.max(self.split) - self.split..rows.end.max(self.split) - self.split;
        if right.is_empty() {
            return self.known.complete(left, &self.lhs, cx);
        }
        let batch = self.rhs.read(right.clone(), cx);
        let mut batch = batch.map_err(|error| first_error(error, &[&self.lhs], cx))?;
        self.keep_missing(&mut batch, right.start);
        if left.is_empty() {
            return Ok(batch);
        }
        let first = self.known.complete(left, &self.lhs, cx)?;
        Block::concat(&[first, batch], self.lhs.steps, cx)
    }

    fn take_finished(&mut self, cx: &Cx<'_>) -> Result<Option<Vec<Block>>, ExecError> {
        let Some(mut blocks) = self.lhs.take_finished(cx)? else { return Ok(None) };
        self.rhs.for_each_batch(cx, |first, mut batch| {
            self.keep_missing(&mut batch, first);
            blocks.push(batch);
            Ok(())
        })?;
        Ok(Some(blocks))
    }
}
