//! The cases of Prometheus' native-histogram benchmark.

use super::Case;
use crate::Dataset;

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let sets = [
        (Dataset::Histograms, "native_histogram_series"),
        (Dataset::CustomHistograms, "custom_histogram_series"),
    ];
    let mut cases = Vec::new();
    for (dataset, metric) in sets {
        let mut add = |query: &str| cases.push(Case::range(dataset, query, 0, 7_200_000, 30_000));
        add(&format!("sum({metric})"));
        for window in ["2m", "20m"] {
            let rate = format!("sum(rate({metric}[{window}]))");
            add(&rate);
            add(&format!("histogram_count({rate})"));
            add(&format!("histogram_count({rate}) + histogram_sum({rate})"));
        }
    }
    cases
}
