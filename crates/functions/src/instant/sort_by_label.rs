//! `sort_by_label`, `sort_by_label_desc`

use promqlite_model::ValueType::{String, Vector};

use crate::{Direction, Doc, Function, Kernel, MetricNameRule};

const fn sorting(name: &'static str, direction: Direction, doc: Doc) -> Function {
    Function {
        name,
        experimental: true,
        args: &[Vector, String],
        variadic: -1,
        returns: Vector,
        metric_name: MetricNameRule::Keep,
        doc,
        kernel: Kernel::SortByLabel(direction),
    }
}

pub(super) static SORT_BY_LABEL: Function = sorting(
    "sort_by_label",
    Direction::Ascending,
    Doc {
        summary: "Orders an instant query's result by label values in natural order.",
        example: r#"sort_by_label(up, "instance")"#,
    },
);

pub(super) static SORT_BY_LABEL_DESC: Function = sorting(
    "sort_by_label_desc",
    Direction::Descending,
    Doc {
        summary: "Orders an instant query's result by label values in reverse natural order.",
        example: r#"sort_by_label_desc(up, "instance")"#,
    },
);
