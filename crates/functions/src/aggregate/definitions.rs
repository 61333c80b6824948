//! The static definition of every aggregation.

use promqlite_model::ValueType::{self, Scalar, String};

use super::{AggregateKernel, Aggregation, Fold};
use crate::Doc;

/// All aggregations, sorted by name.
pub(crate) static ALL: &[&Aggregation] = &[
    &AVG,
    &BOTTOMK,
    &COUNT,
    &COUNT_VALUES,
    &GROUP,
    &LIMIT_RATIO,
    &LIMITK,
    &MAX,
    &MIN,
    &QUANTILE,
    &STDDEV,
    &STDVAR,
    &SUM,
    &TOPK,
];

const fn fold(name: &'static str, fold: Fold, doc: Doc) -> Aggregation {
    Aggregation { name, experimental: false, param: None, doc, kernel: AggregateKernel::Fold(fold) }
}

const fn with_param(name: &'static str, param: ValueType, kernel: AggregateKernel, doc: Doc) -> Aggregation {
    Aggregation { name, experimental: false, param: Some(param), doc, kernel }
}

static AVG: Aggregation = fold(
    "avg",
    Fold::Avg,
    Doc {
        summary: "Arithmetic mean of each group, of floats or of native histograms.",
        example: "avg by (job) (up)",
    },
);

static COUNT: Aggregation = fold(
    "count",
    Fold::Count,
    Doc { summary: "Number of elements of each group.", example: "count by (job) (up)" },
);

static GROUP: Aggregation =
    fold("group", Fold::Group, Doc { summary: "1 for each group.", example: "group by (job) (up)" });

static MAX: Aggregation = fold(
    "max",
    Fold::Max,
    Doc { summary: "Largest float of each group; NaN only where all are.", example: "max by (job) (up)" },
);

static MIN: Aggregation = fold(
    "min",
    Fold::Min,
    Doc { summary: "Smallest float of each group; NaN only where all are.", example: "min by (job) (up)" },
);

static STDDEV: Aggregation = fold(
    "stddev",
    Fold::Stddev,
    Doc { summary: "Population standard deviation of each group's floats.", example: "stddev by (job) (up)" },
);

static STDVAR: Aggregation = fold(
    "stdvar",
    Fold::Stdvar,
    Doc { summary: "Population variance of each group's floats.", example: "stdvar by (job) (up)" },
);

static SUM: Aggregation = fold(
    "sum",
    Fold::Sum,
    Doc {
        summary: "Sum of each group, of floats or of native histograms.",
        example: "sum by (job) (rate(http_requests_total[5m]))",
    },
);

static BOTTOMK: Aggregation = with_param(
    "bottomk",
    Scalar,
    AggregateKernel::TopK { largest: false },
    Doc {
        summary: "The k elements of each group with the smallest values.",
        example: "bottomk by (job) (3, up)",
    },
);

static TOPK: Aggregation = with_param(
    "topk",
    Scalar,
    AggregateKernel::TopK { largest: true },
    Doc {
        summary: "The k elements of each group with the largest values.",
        example: "topk(5, rate(http_requests_total[5m]))",
    },
);

static COUNT_VALUES: Aggregation = with_param(
    "count_values",
    String,
    AggregateKernel::CountValues,
    Doc {
        summary: "Number of elements of each distinct value, with the value in a label.",
        example: r#"count_values("version", build_version)"#,
    },
);

static QUANTILE: Aggregation = with_param(
    "quantile",
    Scalar,
    AggregateKernel::Quantile,
    Doc { summary: "The φ-quantile of each group's floats.", example: "quantile by (job) (0.9, up)" },
);

static LIMITK: Aggregation = Aggregation {
    experimental: true,
    ..with_param(
        "limitk",
        Scalar,
        AggregateKernel::LimitK,
        Doc { summary: "At most k elements of each group.", example: "limitk by (job) (2, up)" },
    )
};

static LIMIT_RATIO: Aggregation = Aggregation {
    experimental: true,
    ..with_param(
        "limit_ratio",
        Scalar,
        AggregateKernel::LimitRatio,
        Doc {
            summary: "A share of the elements, chosen by a hash of their labels; a negative share is the rest.",
            example: "limit_ratio(0.5, up)",
        },
    )
};
