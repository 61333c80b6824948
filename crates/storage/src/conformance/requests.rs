//! The matchers and time ranges that the checks ask with.

use promqlite_model::{MatchOp, Matcher, TimeRange, Timestamp};

use super::naive::{Naive, NaiveSeries};

/// Patterns that meet the fixtures in ways of their own: everything, nothing, empty, sets, prefixes, classes.
const PATTERNS: [&str; 16] = [
    ".*",
    ".+",
    "",
    "200|404",
    "200|",
    "nope|nada",
    "5..",
    "web-.*",
    ".*-1:9090",
    "host-1.*",
    "group-[135]",
    "a.b",
    "a\\.b",
    "(?i)M",
    "line.break",
    "up|load|http_.*|.*é.*",
];

/// Lists of matchers: none, every kind on every label, and pairs of those.
pub(super) fn matcher_lists(twin: &Naive) -> Vec<Vec<Matcher>> {
    let mut singles = Vec::new();
    for name in twin.names().into_iter().chain(["absent"]) {
        let mut values: Vec<&str> = twin.series.iter().map(|s| s.label(name)).collect();
        values.sort_unstable();
        values.dedup();
        values.truncate(4);
        values.extend(["", "nope"]);
        for op in [MatchOp::Equal, MatchOp::NotEqual] {
            singles.extend(values.iter().map(|value| matcher(name, op, value)));
        }
        for op in [MatchOp::Regex, MatchOp::NotRegex] {
            singles.extend(PATTERNS.iter().map(|pattern| matcher(name, op, pattern)));
        }
    }
    let mut lists: Vec<Vec<Matcher>> = vec![Vec::new()];
    lists.extend(singles.iter().map(|m| vec![m.clone()]));
    // Steps that share no divisor with the number of matchers per label bring all kinds and labels together.
    for step in [1, 7, 23, 53, 101] {
        let pairs = singles.iter().zip(singles.iter().cycle().skip(step));
        lists.extend(pairs.map(|(a, b)| vec![a.clone(), b.clone()]));
    }
    let triples = singles.iter().zip(singles.iter().cycle().skip(11)).zip(singles.iter().cycle().skip(71));
    lists.extend(triples.map(|((a, b), c)| vec![a.clone(), b.clone(), c.clone()]));
    lists
}

fn matcher(name: &str, op: MatchOp, value: &str) -> Matcher {
    Matcher::new(name, op, value).expect("invariant: the suite's own patterns are valid")
}

/// The matchers that single out one series.
pub(super) fn exactly(series: &NaiveSeries, twin: &Naive) -> Vec<Matcher> {
    twin.names().into_iter().map(|name| Matcher::equal(name, series.label(name))).collect()
}

/// Ranges whose ends lie on, before and after samples of the series, and ranges that hold nothing.
pub(super) fn edge_ranges(series: &NaiveSeries) -> Vec<TimeRange> {
    let times: Vec<i64> = series.samples.iter().map(|s| s.t_ms).collect();
    let picked: Vec<i64> = match times.len() {
        0..=8 => times.clone(),
        n => [0, 1, n / 3, n / 2, n - 2, n - 1].map(|i| times[i]).to_vec(),
    };
    let ends: Vec<i64> = picked.iter().flat_map(|&t| [t - 1, t, t + 1]).collect();
    let mut ranges = vec![TimeRange::ALL];
    for &start in &ends {
        ranges.push(TimeRange { start: Timestamp(start), end: Timestamp::MAX });
        ranges.push(TimeRange { start: Timestamp::MIN, end: Timestamp(start) });
        // Among these are ranges that end before they start.
        ranges.extend(ends.iter().map(|&end| TimeRange::new(start, end)));
    }
    ranges
}
