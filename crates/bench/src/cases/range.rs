//! The cases of Prometheus' range benchmark.

use super::Case;
use crate::Dataset;
use crate::data::RANGE_SAMPLES;

/// At 1 and 1,000 steps, for `one` and `hundred` in place of X.
const BOTH: [&str; 35] = [
    "a_X",
    "rate(a_X[1m])",
    "rate(a_X[1m] smoothed)",
    "double_exponential_smoothing(a_X[1d], 0.3, 0.3)",
    "changes(a_X[1d])",
    "rate(a_X[1d])",
    "absent_over_time(a_X[1d])",
    "-a_X",
    "a_X - b_X",
    "a_X and b_X{l=~'.*[0-4]$'}",
    "a_X or b_X{l=~'.*[0-4]$'}",
    "a_X unless b_X{l=~'.*[0-4]$'}",
    "a_X and b_X{l='notfound'}",
    "abs(a_X)",
    "label_replace(a_X, 'l2', '$1', 'l', '(.*)')",
    "label_join(a_X, 'l2', '-', 'l', 'l')",
    "sum(a_X)",
    "avg(a_X)",
    "sum without (l)(h_X)",
    "sum without (le)(h_X)",
    "sum by (l)(h_X)",
    "sum by (le)(h_X)",
    "topk(1, a_X)",
    "topk(5, a_X)",
    "limitk(1, a_X)",
    "limitk(5, a_X)",
    "limit_ratio(0.1, a_X)",
    "limit_ratio(0.5, a_X)",
    "limit_ratio(-0.5, a_X)",
    "rate(a_X[1m]) + rate(b_X[1m])",
    "sum without (l)(rate(a_X[1m]))",
    "sum without (l)(rate(a_X[1m])) / sum without (l)(rate(b_X[1m]))",
    "histogram_quantile(0.9, rate(h_X[5m]))",
    "a_X + on(l) group_right a_one",
    "timestamp(a_X)",
];

/// Also at 10,000 steps.
const LONG: [&str; 3] = ["rate(a_X[1m])", "rate(a_X[1m] smoothed)", "a_X - b_X"];

/// Ours, at 1,000 steps: windows of other functions that overlap a thousandfold, on one series (the reference takes
/// minutes on a hundred), and what the list leaves out.
const OWN: [&str; 10] = [
    "sum_over_time(a_one[1d])",
    "avg_over_time(a_one[1d])",
    "max_over_time(a_one[1d])",
    "stddev_over_time(a_one[1d])",
    "quantile_over_time(0.9, a_one[1d])",
    "deriv(a_one[1d])",
    "increase(a_hundred[5m])",
    "avg_over_time(a_hundred[5m])",
    "quantile(0.9, a_hundred)",
    "max_over_time(rate(a_ten[1m])[10m:])",
];

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |query: &str, steps: &[i64]| {
        for &steps in steps {
            let end = RANGE_SAMPLES * 10_000;
            cases.push(Case::range(Dataset::Range, query, end - steps * 10_000, end, 10_000));
        }
    };
    for query in BOTH {
        for size in ["one", "hundred"] {
            let steps: &[i64] = if LONG.contains(&query) { &[1, 1000, 10_000] } else { &[1, 1000] };
            add(&query.replace('X', size), steps);
        }
    }
    add("rate(sparse[1m])", &[10_000]);
    add("rate(sparse[1m] smoothed)", &[10_000]);
    for size in ["one", "hundred"] {
        add(&"count_values('value', h_X)".replace('X', size), &[100]);
    }
    add("count({__name__!=\"\"})", &[1]);
    add("count({__name__!=\"\",l=\"\"})", &[1]);
    for query in OWN {
        let end = RANGE_SAMPLES * 10_000;
        cases.push(Case::range(Dataset::Range, query, end - 10_000_000, end, 10_000).own());
    }
    for query in ["a_one", "a_hundred", "sum(rate(a_hundred[5m]))", "1 + 1"] {
        cases.push(Case::instant(Dataset::Range, query, (RANGE_SAMPLES - 1) * 10_000).own());
    }
    cases
}
