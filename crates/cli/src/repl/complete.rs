//! Completion of names while typing.

use promqlite::{TimeRange, functions};
use promqlite_syntax::KEYWORDS;

use crate::repl::commands::COMMANDS;
use crate::repl::session::Session;

/// The names that can be completed.
pub(crate) struct Names {
    /// The session's data that they belong to.
    pub(crate) generation: u64,
    metrics: Vec<String>,
    labels: Vec<String>,
}

/// Candidates that are offered at most.
const MAX_CANDIDATES: usize = 200;

impl Names {
    /// The names of a session's data. A store that cannot tell them has none.
    pub(crate) fn of(session: &Session) -> Self {
        let storage = session.dataset().storage();
        Self {
            generation: session.generation(),
            metrics: storage.label_values("__name__", &[], TimeRange::ALL).unwrap_or_default(),
            labels: storage.label_names(&[], TimeRange::ALL).unwrap_or_default(),
        }
    }

    /// Where the word before the cursor starts in `before`, and what it may become.
    pub(crate) fn complete(&self, before: &str) -> (usize, Vec<String>) {
        let start = before
            .rfind(|c: char| !is_word(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let word = &before[start..];
        if let Some(command) = word.strip_prefix('.').filter(|_| before[..start].trim().is_empty()) {
            return (start, commands(command));
        }
        if word.is_empty() {
            return (start, Vec::new());
        }
        let candidates = if in_braces(before) { self.labels_like(word) } else { self.names_like(word) };
        (start, candidates)
    }

    fn labels_like(&self, word: &str) -> Vec<String> {
        matching(self.labels.iter().map(String::as_str), word)
    }

    fn names_like(&self, word: &str) -> Vec<String> {
        let calls = functions::functions().iter().map(|function| function.name);
        let aggregations = functions::aggregations().iter().map(|aggregation| aggregation.name);
        let keywords = KEYWORDS.iter().map(|(name, _)| *name);
        let metrics = self.metrics.iter().map(String::as_str);
        matching(metrics.chain(calls).chain(aggregations).chain(keywords), word)
    }
}

fn commands(start: &str) -> Vec<String> {
    let names = COMMANDS.iter().flat_map(|command| command.names);
    names.filter(|name| name.starts_with(start)).map(|name| format!(".{name}")).collect()
}

fn matching<'a>(names: impl Iterator<Item = &'a str>, word: &str) -> Vec<String> {
    let mut found: Vec<String> = names.filter(|name| name.starts_with(word)).map(str::to_owned).collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(MAX_CANDIDATES);
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '.')
}

/// Whether the end of `before` lies in the braces of a selector or in a list of label names.
fn in_braces(before: &str) -> bool {
    let open = before.rfind('{');
    let braces = open.is_some_and(|open| !before[open..].contains('}'));
    let list = before.rfind('(').is_some_and(|open| {
        let head = before[..open].trim_end();
        !before[open..].contains(')')
            && ["by", "without", "on", "ignoring", "group_left", "group_right"]
                .iter()
                .any(|word| head.strip_suffix(word).is_some_and(|rest| !rest.ends_with(is_word)))
    });
    braces || list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names { generation: 0, metrics: owned(&["rate_limit", "up"]), labels: owned(&["instance", "job"]) }
    }

    #[test]
    fn words_are_completed_where_they_stand() {
        let names = names();
        assert_eq!(names.complete("sum(rate"), (4, vec!["rate".to_owned(), "rate_limit".to_owned()]));
        assert_eq!(names.complete("up{jo"), (3, vec!["job".to_owned()]));
        assert_eq!(names.complete("sum by (ins"), (8, vec!["instance".to_owned()]));
        assert_eq!(names.complete(".ti"), (0, vec![".timer".to_owned(), ".timing".to_owned()]));
        assert_eq!(names.complete("é u").0, 3);
        assert!(names.complete("up ").1.is_empty());
    }
}
