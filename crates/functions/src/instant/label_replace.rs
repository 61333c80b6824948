//! `label_replace`

use promqlite_model::ValueType::{String, Vector};

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static LABEL_REPLACE: Function = stable(
    "label_replace",
    &[Vector, String, String, String, String],
    Vector,
    MetricNameRule::Keep,
    Kernel::LabelReplace,
    Doc {
        summary: "Sets a label to a template filled from another label, where a regular expression matches all of that label.",
        example: r#"label_replace(up, "host", "$1", "instance", "(.*):.*")"#,
    },
);
