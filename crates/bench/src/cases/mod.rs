//! The list of cases.

mod histograms;
mod joins;
mod range;
mod scale;

use promqlite::{Millis, Query, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Answer, Dataset};

/// What a case times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text to result, labels and values included.
    Query,
    /// Text to checked syntax tree.
    Parse,
}

/// Whose list a case is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Prometheus' own benchmarks.
    Prometheus,
    /// Ours.
    Own,
}

/// One line of the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// The data that it runs over.
    pub dataset: Dataset,
    /// Whose list it is of.
    pub origin: Origin,
    /// What is timed.
    pub kind: Kind,
    /// A name, unique in the list.
    pub name: String,
    /// The query's text.
    pub query: String,
    /// First step in ms.
    pub start_ms: i64,
    /// Last step in ms.
    pub end_ms: i64,
    /// Distance of steps in ms; 0 for an instant query.
    pub step_ms: i64,
    /// What the answer must be; none while nobody has computed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

impl Case {
    fn range(dataset: Dataset, query: &str, start_ms: i64, end_ms: i64, step_ms: i64) -> Self {
        let steps = (end_ms - start_ms) / step_ms;
        let name = format!("{query}, {steps} steps");
        Self {
            dataset,
            origin: Origin::Prometheus,
            kind: Kind::Query,
            name,
            query: query.to_owned(),
            start_ms,
            end_ms,
            step_ms,
            answer: None,
        }
    }

    fn instant(dataset: Dataset, query: &str, at_ms: i64) -> Self {
        let name = format!("{query}, instant");
        let query = query.to_owned();
        Self {
            dataset,
            origin: Origin::Prometheus,
            kind: Kind::Query,
            name,
            query,
            start_ms: at_ms,
            end_ms: at_ms,
            step_ms: 0,
            answer: None,
        }
    }

    fn parse(query: &str) -> Self {
        let name = format!("parse {query}");
        let query = query.to_owned();
        Self {
            dataset: Dataset::Empty,
            origin: Origin::Own,
            kind: Kind::Parse,
            name,
            query,
            start_ms: 0,
            end_ms: 0,
            step_ms: 0,
            answer: None,
        }
    }

    /// The same case, as one of ours.
    fn own(mut self) -> Self {
        self.origin = Origin::Own;
        self
    }

    /// The query that the case asks.
    #[must_use]
    pub fn to_query(&self) -> Query {
        if self.step_ms == 0 {
            return Query::instant(&self.query, Timestamp(self.start_ms));
        }
        Query::range(&self.query, Timestamp(self.start_ms), Timestamp(self.end_ms), Millis(self.step_ms))
    }
}

/// Every case, grouped by data set.
#[must_use]
pub fn all() -> Vec<Case> {
    let parse = [
        "sum(up)",
        "sum by (job) (rate(http_requests_total{job=~\"api|web\",code!=\"500\"}[5m])) / ignoring (le) group_left sum(rate(b[5m]))",
        "histogram_quantile(0.99, sum by (le, job) (rate(request_seconds_bucket{env=\"prod\"}[5m] offset 1h)))",
    ];
    let mut cases: Vec<Case> = parse.into_iter().map(Case::parse).collect();
    cases.extend(range::cases());
    cases.extend(joins::cases());
    cases.extend(histograms::cases());
    cases.extend(scale::cases());
    cases
}

/// The cases of one data set, or of each, whose names contain `filter`; grouped by data set.
#[must_use]
pub fn choose(cases: Vec<Case>, dataset: Option<&str>, filter: Option<&str>) -> Vec<(Dataset, Vec<Case>)> {
    let mut groups: Vec<(Dataset, Vec<Case>)> = Vec::new();
    for case in cases {
        if dataset.is_some_and(|name| name != case.dataset.name())
            || filter.is_some_and(|part| !case.name.contains(part))
        {
            continue;
        }
        match groups.last_mut() {
            Some((last, group)) if *last == case.dataset => group.push(case),
            _ => groups.push((case.dataset, vec![case])),
        }
    }
    groups
}

/// Reads cases, one JSON object a line.
///
/// # Errors
/// The line that is no case.
pub fn parse(text: &str) -> Result<Vec<Case>, String> {
    text.lines().map(|line| serde_json::from_str(line).map_err(|e| format!("{e}: {line}"))).collect()
}

/// Checks an answer against the one in `expected`, if it is there.
///
/// # Errors
/// The two answers, when they differ.
pub fn check(expected: &[Case], case: &Case, answer: &Answer) -> Result<(), String> {
    let same = |other: &&Case| other.dataset == case.dataset && other.name == case.name;
    match expected.iter().find(same).and_then(|other| other.answer) {
        Some(other) if !other.agrees(answer) => {
            Err(format!("{}: the answer is {answer:?}, not {other:?}", case.name))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn names_are_unique() {
        let cases = super::all();
        let names: HashSet<(&str, &str)> =
            cases.iter().map(|case| (case.dataset.name(), case.name.as_str())).collect();
        assert_eq!(names.len(), cases.len());
    }
}
