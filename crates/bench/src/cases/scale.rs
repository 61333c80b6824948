//! Cases of our own: many series, and a long time.

use super::Case;
use crate::Dataset;

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for dataset in [Dataset::Scale100k, Dataset::Scale1m] {
        for query in ["sum by (job) (up)", "topk(10, up)", "count by (__name__) ({job!=\"\"})"] {
            cases.push(Case::instant(dataset, query, 15_000));
        }
    }
    let rates = ["sum by (le) (rate(request_seconds_bucket[5m]))", "sum(rate(request_seconds_bucket[5m]))"];
    for query in rates {
        cases.push(Case::range(Dataset::ScaleRate, query, 300_000, 300_000 + 239 * 15_000, 15_000));
    }
    let year = [
        "sum(year)",
        "sum(rate(year[1h]))",
        "avg_over_time(year[1d])",
        "max_over_time(year[1d])",
        "year - year offset 1w",
    ];
    for query in year {
        cases.push(Case::range(Dataset::Year, query, 0, 365 * 86_400_000 - 3_600_000, 3_600_000));
    }
    cases.into_iter().map(Case::own).collect()
}
