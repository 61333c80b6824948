//! Numbers of native histograms: `histogram_count`, `histogram_sum`, `histogram_avg`, `histogram_stddev`,
//! `histogram_stdvar`.

use promqlite_model::ValueType::Vector;

use super::stable;
use crate::{Doc, Function, Kernel, MetricNameRule};

/// Unlike other functions these leave `__type__` and `__unit__` alone when names are removed at once.
const fn part(name: &'static str, kernel: Kernel, doc: Doc) -> Function {
    stable(name, &[Vector], Vector, MetricNameRule::DropNameOnly, kernel, doc)
}

pub(super) static HISTOGRAM_COUNT: Function = part(
    "histogram_count",
    Kernel::MapHistogramTotals(|h| h.count()),
    Doc {
        summary: "Number of observations of each native histogram.",
        example: "histogram_count(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_SUM: Function = part(
    "histogram_sum",
    Kernel::MapHistogramTotals(|h| h.sum()),
    Doc {
        summary: "Sum of the observations of each native histogram.",
        example: "histogram_sum(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_AVG: Function = part(
    "histogram_avg",
    Kernel::MapHistogramTotals(|h| h.avg()),
    Doc {
        summary: "Arithmetic mean of the observations of each native histogram.",
        example: "histogram_avg(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_STDDEV: Function = part(
    "histogram_stddev",
    Kernel::MapHistogram(|h| h.stddev()),
    Doc {
        summary: "Estimates the standard deviation of the observations of each native histogram.",
        example: "histogram_stddev(rate(http_request_duration_seconds[10m]))",
    },
);

pub(super) static HISTOGRAM_STDVAR: Function = part(
    "histogram_stdvar",
    Kernel::MapHistogram(|h| h.stdvar()),
    Doc {
        summary: "Estimates the variance of the observations of each native histogram.",
        example: "histogram_stdvar(rate(http_request_duration_seconds[10m]))",
    },
);

#[cfg(test)]
mod tests {
    use promqlite_model::histogram::FloatHistogram;

    use super::*;
    use crate::aggregate::testing::custom;

    fn run(function: &Function, histogram: &FloatHistogram) -> f64 {
        let (Kernel::MapHistogram(f) | Kernel::MapHistogramTotals(f)) = function.kernel else {
            unreachable!("invariant: these map histograms")
        };
        f(histogram.view())
    }

    #[test]
    fn known_values() {
        let histogram = custom(12.0, &[0.0, 4.0, 8.0], &[0.0, 2.0, 1.0]);
        for (function, expected) in [
            (&HISTOGRAM_COUNT, 3.0),
            (&HISTOGRAM_SUM, 12.0),
            (&HISTOGRAM_AVG, 4.0),
            (&HISTOGRAM_STDVAR, 4.0),
            (&HISTOGRAM_STDDEV, 2.0),
        ] {
            assert_eq!(run(function, &histogram), expected, "{}", function.name);
        }
    }
}
