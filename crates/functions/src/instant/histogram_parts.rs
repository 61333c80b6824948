//! Numbers of native histograms: `histogram_count`, `histogram_sum`, `histogram_avg`, `histogram_stddev`,
//! `histogram_stdvar`.

use promqlite_model::ValueType::Vector;
use promqlite_model::histogram::HistogramView;

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

/// Unlike other functions these leave `__type__` and `__unit__` alone when names are removed at once.
const fn part(name: &'static str, f: fn(HistogramView<'_>) -> f64, doc: Doc) -> Function {
    stable(name, &[Vector], Vector, MetricNameRule::DropNameOnly, Kernel::MapHistogram(f), doc)
}

pub(super) static HISTOGRAM_COUNT: Function = part(
    "histogram_count",
    |h| h.count(),
    Doc {
        summary: "Number of observations of each native histogram.",
        example: "histogram_count(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_SUM: Function = part(
    "histogram_sum",
    |h| h.sum(),
    Doc {
        summary: "Sum of the observations of each native histogram.",
        example: "histogram_sum(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_AVG: Function = part(
    "histogram_avg",
    |h| h.avg(),
    Doc {
        summary: "Arithmetic mean of the observations of each native histogram.",
        example: "histogram_avg(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_STDDEV: Function = part(
    "histogram_stddev",
    |h| h.stddev(),
    Doc {
        summary: "Estimates the standard deviation of the observations of each native histogram.",
        example: "histogram_stddev(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_STDVAR: Function = part(
    "histogram_stdvar",
    |h| h.stdvar(),
    Doc {
        summary: "Estimates the variance of the observations of each native histogram.",
        example: "histogram_stdvar(rate(http_request_duration_seconds[10m]))",
    },
);
