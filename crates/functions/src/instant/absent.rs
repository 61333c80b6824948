//! `absent`

use promqlite_model::ValueType::Vector;

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static ABSENT: Function = stable(
    "absent",
    &[Vector],
    Vector,
    MetricNameRule::Drop,
    Kernel::Absent,
    Doc {
        summary: "1 where the vector has no element, labelled by the equality matchers of a selector argument.",
        example: r#"absent(up{job="gone"})"#,
    },
);
