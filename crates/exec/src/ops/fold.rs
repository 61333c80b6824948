//! Aggregations that accumulate: groups × steps, fed batch by batch.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

use foldhash::fast::RandomState;
use promqlite_functions::aggregate::{Accumulator, Fold};
use promqlite_model::{Annotations, Pos, Symbol};
use promqlite_plan::Grouping;

use crate::block::{Block, float_bytes};
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::morsels::{batch_rows, fold_morsels_of, morsel_rows};
use crate::operator::{Opened, Schema};
use crate::ops::grouping::{Groups, KeyLabels};
use crate::ops::small_groups::{Pieces, SmallGroups};

/// The schema of an aggregation: a row per group, marked if any member is.
pub(crate) fn group_schema(input: &Schema, groups: &Groups) -> Schema {
    let mut drop_name = Vec::new();
    if !input.drop_name.is_empty() {
        drop_name = vec![false; groups.len()];
        for (row, &group) in groups.of_row.iter().enumerate() {
            drop_name[group as usize] |= input.drop_name[row];
        }
    }
    Schema { labels: groups.keys.clone(), drop_name, distinct: true }
}

/// Runs a fold over all of its input.
pub(crate) fn open_fold<'q>(
    fold: Fold,
    grouping: &Grouping,
    input: &Opened<'_>,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let steps = input.steps;
    let groups = Groups::by_key(&input.schema.labels, &KeyLabels::of_grouping(grouping, &cx.symbols), cx)?;
    cx.check_shape(groups.len(), steps)?;
    if let Some(small) = SmallGroups::of(&groups, steps, cx)? {
        let pieces = fold_pieces(fold, &groups, &small, input, pos, cx)?;
        return Ok(Opened::new(group_schema(&input.schema, &groups), steps, pieces).holding(groups.held));
    }
    let (mut all, mut held) = nothing_yet(fold, groups.len(), steps, cx)?;
    if input.rows() <= morsel_rows(steps) {
        // One morsel: series by series, exactly as the reference adds them.
        let group_of = |row: usize| groups.of_row[row] as usize;
        accumulate(&mut all, &mut held, input, Rows::Run(0..input.rows()), group_of, cx)?;
    } else {
        fold_parts(&mut all, &mut held, fold, &groups, input, cx)?;
    }
    let block = finish(all, held, groups.len(), steps, pos, cx)?;
    Ok(Opened::materialized(group_schema(&input.schema, &groups), block).holding(groups.held))
}

/// Parts of the rows, in parallel, each into an accumulator of its own that is merged into that of all.
fn fold_parts(
    all: &mut Accumulator,
    all_held: &mut Held,
    fold: Fold,
    groups: &Groups,
    input: &Opened<'_>,
    cx: &Cx<'_>,
) -> Result<(), ExecError> {
    let size = fold_rows(input.rows(), groups.len(), input.steps);
    let new = |groups: usize| nothing_yet(fold, groups, input.steps, cx);
    if groups.len() > size / 8 {
        let partial = |rows: Range<usize>| {
            let (local, group_map) = local_groups(&groups.of_row[rows.clone()]);
            let (mut part, mut held) = new(group_map.len())?;
            let first = rows.start;
            let group_of = |row: usize| local[row - first] as usize;
            accumulate(&mut part, &mut held, input, Rows::Run(rows), group_of, cx)?;
            Ok((part, held, group_map))
        };
        return fold_morsels_of(size, input.rows(), cx, partial, |(mut part, part_held, group_map)| {
            all.merge(&mut part, &group_map);
            drop((part, part_held));
            if all.has_histograms() { all_held.resize(all.bytes()) } else { Ok(()) }
        });
    }
    // Most groups are in every part: accumulators have room for all of them, and are used again.
    let same: Vec<u32> = (0..groups.len() as u32).collect();
    let used = Mutex::new(Vec::<(Accumulator, Held)>::new());
    let partial = |rows: Range<usize>| {
        let known = used.lock().expect("no holder panics").pop();
        let (mut part, mut held) = match known {
            Some((mut part, held)) => {
                part.clear();
                (part, held)
            }
            None => new(groups.len())?,
        };
        accumulate(&mut part, &mut held, input, Rows::Run(rows), |row| groups.of_row[row] as usize, cx)?;
        Ok((part, held))
    };
    fold_morsels_of(size, input.rows(), cx, partial, |(mut part, mut part_held)| {
        all.merge(&mut part, &same);
        part_held.resize(part.bytes())?;
        used.lock().expect("no holder panics").push((part, part_held));
        if all.has_histograms() { all_held.resize(all.bytes()) } else { Ok(()) }
    })
}

/// Whole groups, series by series as the reference adds them, some groups at a time.
fn fold_pieces(
    fold: Fold,
    groups: &Groups,
    small: &SmallGroups,
    input: &Opened<'_>,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Pieces, ExecError> {
    let steps = input.steps;
    let whole = |chunk: Range<usize>, rows: &[usize]| {
        let (mut part, mut held) = nothing_yet(fold, chunk.len(), steps, cx)?;
        let group_of = |row: usize| groups.of_row[row] as usize - chunk.start;
        accumulate(&mut part, &mut held, input, Rows::Some(rows), group_of, cx)?;
        finish(part, held, chunk.len(), steps, pos, cx)
    };
    let mut blocks = Vec::new();
    small.fold(cx, whole, |block| {
        blocks.push(block);
        Ok(())
    })?;
    Ok(Pieces::new(blocks, steps))
}

/// An accumulator, counted before it is allocated.
fn nothing_yet(
    fold: Fold,
    groups: usize,
    steps: usize,
    cx: &Cx<'_>,
) -> Result<(Accumulator, Held), ExecError> {
    let mut held = cx.hold(cells_bytes(groups, steps))?;
    let all = Accumulator::new(fold, groups, steps);
    held.resize(all.bytes())?;
    Ok((all, held))
}

fn finish(
    all: Accumulator,
    held: Held,
    groups: usize,
    steps: usize,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Block, ExecError> {
    let mut notes = Annotations::default();
    // The result takes over the sums of floats, but histograms are copied.
    let room = cx.hold(if all.has_histograms() { held_twice(&all) } else { float_bytes(groups, steps) })?;
    let batch = all.finish(&mut notes, pos);
    drop((room, held));
    cx.note_all(notes)?;
    Block::adopt(batch, cx)
}

/// Rows of which a thread makes one partial result: several for each group, else merging costs as much as adding; but
/// no more than an eighth of all, so that there is work for several threads.
fn fold_rows(rows: usize, groups: usize, steps: usize) -> usize {
    let morsel = morsel_rows(steps);
    groups.saturating_mul(16).clamp(morsel, morsel.max(rows / 8))
}

/// The most that an accumulator of floats takes: three numbers, a flag and a bit for each cell.
fn cells_bytes(groups: usize, steps: usize) -> usize {
    groups.saturating_mul(steps).saturating_mul(26)
}

/// What the histograms of a result take while they are copied from their sums: a table with room to grow.
fn held_twice(all: &Accumulator) -> usize {
    all.bytes().saturating_mul(2)
}

/// Cells of a batch with histograms: a few hundred KiB, which stay in a core's cache until they are added up.
const HISTOGRAM_CELLS: usize = 1 << 11;

/// What is added up.
enum Rows<'r> {
    Run(Range<usize>),
    Some(&'r [usize]),
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Run(rows) => rows.len(),
            Self::Some(rows) => rows.len(),
        }
    }

    fn at(&self, i: usize) -> usize {
        match self {
            Self::Run(rows) => rows.start + i,
            Self::Some(rows) => rows[i],
        }
    }

    fn read(&self, some: Range<usize>, input: &Opened<'_>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        match self {
            Self::Run(rows) => input.read(rows.start + some.start..rows.start + some.end, cx),
            Self::Some(rows) => input.read_some(&rows[some], cx),
        }
    }
}

fn accumulate(
    into: &mut Accumulator,
    held: &mut Held,
    input: &Opened<'_>,
    rows: Rows<'_>,
    group_of: impl Fn(usize) -> usize,
    cx: &Cx<'_>,
) -> Result<(), ExecError> {
    let few = (HISTOGRAM_CELLS / input.steps.max(1)).max(1);
    // Whether there are histograms is known when the first rows are there.
    let mut next = 0..rows.len().min(few.min(batch_rows(input.steps, cx)));
    while !next.is_empty() {
        let first = next.start;
        let batch = rows.read(next.clone(), input, cx)?;
        for row in 0..batch.rows() {
            let from = rows.at(first + row);
            let labels = &input.schema.labels[from];
            let metric = || cx.symbols.get(labels.get(Symbol::NAME)).to_owned();
            into.add_row(group_of(from), &batch, row, &metric);
            if batch.histograms().is_some() {
                cx.check()?;
            }
        }
        if into.has_histograms() {
            held.resize(into.bytes())?;
        }
        let most = batch_rows(input.steps, cx);
        let size = if batch.histograms().is_some() { most.min(few) } else { most };
        next = next.end..rows.len().min(next.end + size);
    }
    Ok(())
}

/// Numbers the groups that occur in a morsel from 0; returns each row's number and each number's group.
fn local_groups(of_row: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut known: HashMap<u32, u32, RandomState> = HashMap::default();
    let mut group_map = Vec::new();
    let local = of_row
        .iter()
        .map(|&group| {
            *known.entry(group).or_insert_with(|| {
                group_map.push(group);
                group_map.len() as u32 - 1
            })
        })
        .collect();
    (local, group_map)
}
