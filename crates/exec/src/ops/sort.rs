//! `sort*`: an order of rows. Only instant queries have one.

use std::cmp::Ordering;

use promqlite_functions::{Direction, natural_order};
use promqlite_model::Symbol;

use crate::block::Block;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Opened;
use crate::ops::map::map;
use crate::ops::order::sorted_order;

/// `sort` and `sort_desc`: by value, NaN last, histograms left out.
pub(crate) fn open_sort<'q>(
    input: Opened<'q>,
    direction: Direction,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    if input.steps != 1 {
        return Ok(map(input, |batch, _| {
            batch.drop_histograms();
            Ok(())
        }));
    }
    let mut batch = input.read_all(cx)?;
    batch.drop_histograms();
    let _rows = cx.hold(batch.rows() * 3 * size_of::<usize>())?;
    let present: Vec<usize> = (0..batch.rows()).filter(|&row| batch.valid().get(row, 0)).collect();
    let value = |i: usize| batch.row(present[i])[0];
    let order = sorted_order(present.len(), |a, b| by_value(value(a), value(b), direction), cx)?;
    let rows: Vec<usize> = order.into_iter().map(|i| present[i]).collect();
    Ok(Opened::materialized(input.schema.take(&rows, cx)?, Block::take(&batch, &rows, cx)?))
}

fn by_value(a: f64, b: f64, direction: Direction) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let ascending = a.partial_cmp(&b).expect("neither is NaN");
            if direction == Direction::Ascending { ascending } else { ascending.reverse() }
        }
    }
}

/// `sort_by_label` and `sort_by_label_desc`: by label values in natural order, then by all labels.
pub(crate) fn open_sort_by_label<'q>(
    input: Opened<'q>,
    labels: &[&str],
    direction: Direction,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    if input.steps != 1 {
        return Ok(input);
    }
    let batch = input.read_all(cx)?;
    let names: Vec<Symbol> = labels.iter().map(|name| cx.intern(name)).collect::<Result<_, _>>()?;
    let compare = |a: usize, b: usize| {
        let (a, b) = (&input.schema.labels[a], &input.schema.labels[b]);
        let by_labels = names
            .iter()
            .map(|&name| (a.get(name), b.get(name)))
            .find(|(a, b)| a != b)
            .map(|(a, b)| natural_order(cx.symbols.get(a), cx.symbols.get(b)));
        let ascending = match by_labels {
            Some(Ordering::Equal) | None => a.compare(b, &cx.symbols),
            Some(order) => order,
        };
        if direction == Direction::Ascending { ascending } else { ascending.reverse() }
    };
    let rows = sorted_order(batch.rows(), compare, cx)?;
    Ok(Opened::materialized(input.schema.take(&rows, cx)?, Block::take(&batch, &rows, cx)?))
}
