//! `sort`, `sort_desc`

use promqlite_model::ValueType::Vector;

use super::stable;
use crate::{Direction, Doc, Function, Kernel, MetricNameRule};

const fn sorting(name: &'static str, direction: Direction, doc: Doc) -> Function {
    stable(name, &[Vector], Vector, MetricNameRule::Keep, Kernel::Sort(direction), doc)
}

pub(super) static SORT: Function = sorting(
    "sort",
    Direction::Ascending,
    Doc {
        summary: "Orders an instant query's result by value, smallest first and NaN last.",
        example: "sort(up)",
    },
);

pub(super) static SORT_DESC: Function = sorting(
    "sort_desc",
    Direction::Descending,
    Doc {
        summary: "Orders an instant query's result by value, largest first and NaN last.",
        example: "sort_desc(up)",
    },
);
