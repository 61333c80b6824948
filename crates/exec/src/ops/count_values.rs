//! `count_values`: a series per distinct value.

use std::ops::Range;

use promqlite_functions::aggregate::{CountValuesState, Fold, ValueCounts};
use promqlite_model::Labels;
use promqlite_plan::Grouping;

use crate::block::Block;
use crate::budget::Tally;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema, Source};
use crate::ops::fold::open_fold;
use crate::ops::grouping::{Groups, KeyLabels};

/// Counts equal values per group and step; the value becomes the label `label`.
pub(crate) fn open_count_values<'q>(
    label: &str,
    grouping: &Grouping,
    input: &Opened<'_>,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let name = cx.intern(label)?;
    // The value overwrites the label before grouping, so what the label was does not tell groups apart.
    let key = KeyLabels::of_grouping(grouping, &cx.symbols).dropping(name);
    let keeps_value = !grouping.without || !grouping.labels.iter().any(|l| l == label);
    let groups = Groups::by_key(&input.schema.labels, &key, cx)?;
    let steps = input.steps;
    let mut state = CountValuesState::new(steps);
    let mut counts = Tally::new(cx, 0)?;
    input.for_each_batch(cx, |first, batch| {
        for row in 0..batch.rows() {
            state.add_row(groups.of_row[first + row], &batch, row, &mut |bytes| counts.add(bytes))?;
        }
        Ok(())
    })?;
    cx.check_shape(state.len(), steps)?;
    let (series, counted) = state.finish();
    let mut labels = Vec::with_capacity(series.len());
    let mut tally = Tally::new(cx, series.len() * size_of::<Labels>())?;
    let mut texts = 0;
    for series in series {
        let key = &groups.keys[series.group() as usize];
        let built = if keeps_value {
            let value = series.with_text(|text| cx.intern_one_of(text, &mut texts))?;
            key.with(name, value, &cx.symbols)
        } else {
            key.clone()
        };
        tally.add(built.bytes())?;
        labels.push(built);
    }
    cx.keep(texts)?;
    let counted = Counted { counted, steps };
    // A group's key lacks the value label, and different values have different texts.
    let schema = Schema { distinct: keeps_value, ..Schema::new(labels) };
    let rows = Opened::new(schema, steps, counted).holding(tally.finish()?).holding(counts.finish()?);
    if keeps_value { Ok(rows) } else { sum_equal(&rows, cx) }
}

/// The counts, spread out row by row as they are read: most values occur at few steps.
struct Counted {
    counted: ValueCounts,
    steps: usize,
}

impl Counted {
    fn spread(&self, rows: impl ExactSizeIterator<Item = usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let mut out = Block::empty(rows.len(), self.steps, cx)?;
        for (to, row) in rows.enumerate() {
            self.counted.fill_row(row, &mut out, to);
        }
        Ok(out)
    }
}

impl Source for Counted {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.spread(rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.spread(rows.iter().copied(), cx)
    }

    fn is_quiet(&self) -> bool {
        true
    }
}

/// `without (label)` takes the value away again: counts of rows that became equal are added up.
fn sum_equal<'q>(input: &Opened<'_>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    let all = Grouping { without: true, labels: Vec::new() };
    open_fold(Fold::Sum, &all, input, promqlite_model::Pos::default(), cx)
}
