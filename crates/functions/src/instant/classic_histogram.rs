//! Estimates from classic and native histograms: `histogram_quantile`, `histogram_quantiles`,
//! `histogram_fraction`.

use promqlite_model::ValueType::{Scalar, String, Vector};

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static HISTOGRAM_QUANTILE: Function = stable(
    "histogram_quantile",
    &[Scalar, Vector],
    Vector,
    MetricNameRule::Drop,
    Kernel::HistogramQuantile,
    Doc {
        summary: "Estimates the φ-quantile of each classic or native histogram.",
        example: "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    },
);

pub(super) static HISTOGRAM_QUANTILES: Function = Function {
    name: "histogram_quantiles",
    experimental: true,
    args: &[Vector, String, Scalar, Scalar],
    variadic: 9,
    returns: Vector,
    metric_name: MetricNameRule::Drop,
    doc: Doc {
        summary: "Estimates several quantiles of each histogram at once and labels each result with its φ.",
        example: r#"histogram_quantiles(sum by (le) (rate(http_request_duration_seconds_bucket[5m])), "quantile", 0.5, 0.99)"#,
    },
    kernel: Kernel::HistogramQuantiles,
};

pub(super) static HISTOGRAM_FRACTION: Function = stable(
    "histogram_fraction",
    &[Scalar, Scalar, Vector],
    Vector,
    MetricNameRule::Drop,
    Kernel::HistogramFraction,
    Doc {
        summary: "Estimates which share of each histogram's observations lies between two bounds.",
        example: "histogram_fraction(0, 0.2, rate(http_request_duration_seconds[1h]))",
    },
);
