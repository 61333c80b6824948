//! Facts of the query itself: `start`, `end`, `range`, `step`.

use promqlite_model::ValueType::Scalar;

use crate::{Doc, Function, Kernel, MetricNameRule, QueryRangePart};

const fn part(name: &'static str, part: QueryRangePart, doc: Doc) -> Function {
    Function {
        name,
        experimental: true,
        args: &[],
        variadic: 0,
        returns: Scalar,
        metric_name: MetricNameRule::Drop,
        doc,
        kernel: Kernel::QueryRange(part),
    }
}

pub(super) static START: Function = part(
    "start",
    QueryRangePart::Start,
    Doc {
        summary: "Start of the query's time range as a Unix time in seconds.",
        example: "time() - start()",
    },
);

pub(super) static END: Function = part(
    "end",
    QueryRangePart::End,
    Doc { summary: "End of the query's time range as a Unix time in seconds.", example: "end() - time()" },
);

pub(super) static RANGE: Function = part(
    "range",
    QueryRangePart::Range,
    Doc { summary: "Length of the query's time range in seconds.", example: "range()" },
);

pub(super) static STEP: Function = part(
    "step",
    QueryRangePart::Step,
    Doc { summary: "Step of the query in seconds, 0 for an instant.", example: "step()" },
);
