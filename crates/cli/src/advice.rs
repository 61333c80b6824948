//! What to do about errors of evaluation, in words that name the user's labels.

use promqlite::{ExecError, QueryError};
use promqlite_syntax::{ByteString, parse_metric};

/// What to do about an error; `None` if its text says so already, or if nothing can be said.
pub(crate) fn advice(error: &QueryError) -> Option<String> {
    match error {
        QueryError::Exec(ExecError::Timeout(_)) => {
            Some("select fewer series or a shorter range, or allow more with --timeout DURATION".into())
        }
        QueryError::Exec(ExecError::TooManySamples) => {
            Some("select fewer series or a shorter range, or allow more with --max-samples N".into())
        }
        QueryError::Exec(ExecError::Evaluation(message)) => about(message),
        _ => None,
    }
}

fn about(message: &str) -> Option<String> {
    if message.starts_with("found duplicate series") {
        return Some(about_duplicates(message));
    }
    if message.contains("many-to-one matching must be explicit") {
        let advice = "several series of one side have the same partner on the other: keep them all with \
                      `group_left` (the left side has several) or `group_right` behind `on (…)` or \
                      `ignoring (…)`, or aggregate them first";
        return Some(advice.into());
    }
    if message.contains("grouping labels must ensure unique matches") {
        let advice = "the labels that `group_left (…)` or `group_right (…)` copies make several results equal: \
                      leave out those that the side with several series needs to be told apart";
        return Some(advice.into());
    }
    if message.contains("same labelset") {
        let advice = "functions and operators drop the metric name, and without it series are equal: select one \
                      metric, aggregate, or keep the name in another label with `label_replace`";
        return Some(advice.into());
    }
    None
}

/// The error shows two series of the side that must have one: what they differ in is what to match on, or what to
/// aggregate away.
fn about_duplicates(message: &str) -> String {
    let right = message.contains("on the right hand-side");
    let (side, group) = if right { ("right", "group_right") } else { ("left", "group_left") };
    let differing = series_in(message).map_or(Vec::new(), |(a, b)| differences(&a, &b));
    if differing.is_empty() {
        return format!("aggregate the {side} side, so that each series has one partner");
    }
    let labels = differing.join(", ");
    let quoted: Vec<String> = differing.iter().map(|label| format!("`{label}`")).collect();
    format!(
        "these two series of the {side} side differ in {}: match on that too, aggregate it away with \
         `sum without ({labels}) (…)`, or keep all of them with `{group}`",
        quoted.join(", ")
    )
}

type LabelPairs = Vec<(String, String)>;

/// The two label sets in `[{…}, {…}]`.
fn series_in(message: &str) -> Option<(LabelPairs, LabelPairs)> {
    let start = message.find(": [{")? + 3;
    let end = message.rfind("}]")? + 1;
    let list = message.get(start..end)?;
    // A label value may look like the end of a set: what parses is one.
    list.match_indices("}, {").find_map(|(at, _)| {
        let pairs = |text: &str| {
            let metric = parse_metric(text).ok()?;
            let text = |bytes: &ByteString| bytes.to_string_lossy().into_owned();
            Some(metric.labels.iter().map(|label| (text(&label.name), text(&label.value))).collect())
        };
        Some((pairs(&list[..=at])?, pairs(&list[at + 3..])?))
    })
}

/// The labels, other than the name, that two sets do not share.
fn differences(a: &LabelPairs, b: &LabelPairs) -> Vec<String> {
    let only = |from: &LabelPairs, in_other: &LabelPairs| {
        from.iter().filter(|pair| !in_other.contains(pair)).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let mut names = [only(a, b), only(b, a)].concat();
    names.sort_unstable();
    names.dedup();
    if names.len() > 1 {
        names.retain(|name| name != "__name__");
    }
    names
}

#[cfg(test)]
mod tests {
    use promqlite::{Engine, MemStore, Query, Timestamp};

    use super::*;

    /// What is advised about a query of two metrics, `a` with several series per job and `b` with one.
    fn advised(query: &str) -> String {
        let store = MemStore::new();
        for (name, job, code) in [("a", "x", "200"), ("a", "x", "5}, {0"), ("b", "x", ""), ("a2", "x", "200")]
        {
            store.append(store.series_of([("__name__", name), ("job", job), ("code", code)]), 0, 1.0);
        }
        let error = Engine::default().query(&store, &Query::instant(query, Timestamp(0)));
        advice(&error.expect_err(query)).unwrap_or_default()
    }

    #[test]
    fn duplicates_are_named_by_what_they_differ_in() {
        for query in ["b * on (job) a", "b / on (job) group_left () a"] {
            let text = advised(query);
            assert!(text.contains("of the right side differ in `code`"), "{text}");
            assert!(text.contains("sum without (code) (…)") && text.contains("`group_right`"), "{text}");
        }
        let left = advised("a * on (job) group_right () b");
        assert!(
            left.contains("of the left side differ in `code`") && left.contains("`group_left`"),
            "{left}"
        );
    }

    #[test]
    fn other_errors_say_what_can_be_done() {
        assert!(advised("a / on (job) b").contains("`group_left` (the left side has several)"));
        assert!(advised("abs({__name__=~\"a2?\", code=\"200\"})").contains("label_replace"));
        assert_eq!(advice(&Engine::default().check("rate(").expect_err("a broken query")), None);
    }
}
