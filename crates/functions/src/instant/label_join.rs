//! `label_join`

use promqlite_model::ValueType::{String, Vector};

use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static LABEL_JOIN: Function = Function {
    name: "label_join",
    experimental: false,
    args: &[Vector, String, String, String],
    variadic: -1,
    returns: Vector,
    metric_name: MetricNameRule::Keep,
    doc: Doc {
        summary: "Sets a label to the values of other labels with a separator between them.",
        example: r#"label_join(up, "target", "/", "job", "instance")"#,
    },
    kernel: Kernel::LabelJoin,
};
