//! Aggregations of rows that lose their names at the end, together with rows that keep them.

use promqlite_model::Labels;
use promqlite_plan::Grouping;

use crate::block::Block;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema};
use crate::ops::grouping::{Groups, KeyLabels};
use crate::ops::sets::{Presence, keep};

/// Aggregates, and marks the result of a group at the steps at which a marked member has a sample. A group that is
/// marked at some steps only becomes two rows, as far as the mark makes a difference.
pub(crate) fn aggregate_marked<'q>(
    input: Opened<'_>,
    grouping: &Grouping,
    cx: &Cx<'_>,
    aggregate: impl FnOnce(&Opened<'_>) -> Result<Opened<'q>, ExecError>,
) -> Result<Opened<'q>, ExecError> {
    // Groups have metadata labels only if they are asked for by name.
    if input.schema.drop_name.is_empty() {
        return aggregate(&input);
    }
    let groups = Groups::by_key(&input.schema.labels, &KeyLabels::of_grouping(grouping, &cx.symbols), cx)?;
    let parted = parted_groups(&groups, &input.schema);
    if parted.is_empty() {
        return aggregate(&input);
    }
    let held = cx.hold(input.schema.bytes())?;
    let block = input.read_all(cx)?;
    let input = Opened::materialized(input.schema, block).holding(held);
    let marked_group = |row: usize| input.schema.drops_name(row).then(|| groups.of_row[row]);
    let marked = Presence::of(&input, groups.len(), marked_group, cx)?;
    let result = aggregate(&input)?;
    debug_assert_eq!(result.rows(), groups.len(), "a row per group, in the order of the groups");

    let rows: Vec<usize> = (0..groups.len()).chain(parted.iter().copied()).collect();
    let whole = result.read_all(cx)?;
    let mut block = Block::take(&whole, &rows, cx)?;
    let mut schema = result.schema.take(&rows, cx)?;
    for (i, &group) in parted.iter().enumerate() {
        let bits = marked.bits.row(group);
        keep(&mut block, group, bits, false);
        keep(&mut block, groups.len() + i, bits, true);
        schema.drop_name[group] = false;
    }
    Ok(Opened::materialized(schema, block).holding(groups.held))
}

/// The groups of marked and unmarked rows whose labels the mark is about.
fn parted_groups(groups: &Groups, schema: &Schema) -> Vec<usize> {
    let mut has = vec![[false; 2]; groups.len()];
    for (row, &group) in groups.of_row.iter().enumerate() {
        has[group as usize][usize::from(schema.drops_name(row))] = true;
    }
    let named = |labels: &Labels| labels.without_metadata() != *labels;
    (0..groups.len()).filter(|&group| has[group] == [true, true] && named(&groups.keys[group])).collect()
}
