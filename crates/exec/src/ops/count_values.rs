//! `count_values`: a series per distinct value.

use promqlite_functions::aggregate::{CountValuesState, Fold};
use promqlite_model::{Labels, LabelsBuilder};
use promqlite_plan::Grouping;

use crate::block::{Block, float_bytes};
use crate::budget::Tally;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema};
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
    counts.reserve(float_bytes(state.len(), steps))?;
    let counted = state.finish();
    let mut labels = Vec::with_capacity(counted.series.len());
    let mut tally = Tally::new(cx, counted.series.len() * size_of::<Labels>())?;
    for (group, text) in &counted.series {
        let mut builder = LabelsBuilder::from_labels(&groups.keys[*group as usize]);
        if keeps_value {
            builder.set(name, cx.intern(text)?);
        }
        let built = builder.build(&cx.symbols);
        tally.add(built.bytes())?;
        labels.push(built);
    }
    drop((counted.series, counts));
    let block = Block::adopt(counted.batch, cx)?;
    let counted_rows = Opened::materialized(Schema::new(labels), block).holding(tally.finish()?);
    if keeps_value { Ok(counted_rows) } else { sum_equal(&counted_rows, cx) }
}

/// `without (label)` takes the value away again: counts of rows that became equal are added up.
fn sum_equal<'q>(input: &Opened<'_>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    let all = Grouping { without: true, labels: Vec::new() };
    open_fold(Fold::Sum, &all, input, promqlite_model::Pos::default(), cx)
}
