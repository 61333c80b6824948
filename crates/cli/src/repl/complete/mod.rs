//! Completion: what the grammar expects at the cursor, filled with what the data has.

mod commands;
mod context;
mod names;

use promqlite::functions;
use promqlite_syntax::go_quote;

pub(crate) use context::open_calls;
pub(crate) use names::Names;
use names::few;

use crate::repl::help::{aggregation_signature, function_signature};
use crate::repl::input::as_command;
use context::{Expected, Place, place};

/// Something that the word before the cursor can become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// What is put in place of the word.
    pub(crate) replacement: String,
    /// What it is, shown beside it in lists; empty if there is nothing to say.
    pub(crate) detail: String,
}

impl Candidate {
    fn plain(text: impl Into<String>) -> Self {
        Self { replacement: text.into(), detail: String::new() }
    }

    fn new(text: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { replacement: text.into(), detail: detail.into() }
    }
}

/// Where the word before `cursor` starts, and what it can become, sorted.
pub(crate) fn complete(names: &Names, line: &str, cursor: usize) -> (usize, Vec<Candidate>) {
    let (before, after) = line.split_at(cursor);
    if before.trim_start() == "." || as_command(before).is_some() {
        return commands::complete(names, before, after);
    }
    complete_query(names, before, after)
}

fn complete_query(names: &Names, before: &str, after: &str) -> (usize, Vec<Candidate>) {
    let place = place(before, after);
    let mut found = candidates(names, &place);
    found.sort_by(|a, b| a.replacement.cmp(&b.replacement));
    found.dedup_by(|a, b| a.replacement == b.replacement);
    (place.start, found)
}

fn candidates(names: &Names, place: &Place) -> Vec<Candidate> {
    match &place.expected {
        Expected::Nothing => Vec::new(),
        Expected::Operand(words) if place.quote.is_none() => operands(names, &place.word, words),
        Expected::Operand(_) => Vec::new(),
        Expected::Words(words) => starting(words.iter().copied(), &place.word),
        Expected::LabelName { metrics, used, or_metric } => {
            let mut found: Vec<Candidate> = names
                .labels_of(metrics)
                .into_iter()
                .filter(|label| !used.contains(label) && label.starts_with(&place.word))
                .filter_map(|label| Some(Candidate::plain(name_text(&label, place.quote)?)))
                .collect();
            if *or_metric && place.quote.is_some() {
                let metrics = names.metrics_starting(&place.word);
                found.extend(metrics.filter_map(|metric| {
                    Some(Candidate::new(name_text(&metric.name, place.quote)?, metric.detail()))
                }));
            }
            found
        }
        Expected::LabelValue { label, others, regex } => {
            let values = names.values_of(label, others);
            let found: Vec<&String> = values.iter().filter(|value| continues(value, place, *regex)).collect();
            few(&found).filter_map(|value| value_text(value, place, *regex)).map(Candidate::plain).collect()
        }
        Expected::Duration => durations(names, &place.word),
        Expected::Time => times(names, &place.word),
    }
}

/// Metrics, functions, aggregations and these words. Before the first letter only metrics: the rest is long, and
/// the same everywhere.
fn operands(names: &Names, word: &str, words: &[&'static str]) -> Vec<Candidate> {
    let metrics = names.metrics_starting(word).map(|metric| {
        let text = if is_plain_metric(&metric.name) {
            metric.name.clone()
        } else {
            format!("{{{}}}", quote(&metric.name))
        };
        Candidate::new(text, metric.detail())
    });
    let mut found: Vec<Candidate> = metrics.collect();
    found.extend(starting(words.iter().copied(), word));
    if word.is_empty() {
        return found;
    }
    for function in functions::functions().iter().filter(|function| function.name.starts_with(word)) {
        found.push(Candidate::new(
            format!("{}(", function.name),
            describe(function_signature(function), function.experimental, function.doc.summary),
        ));
    }
    for aggregation in functions::aggregations().iter().filter(|a| a.name.starts_with(word)) {
        found.push(Candidate::new(
            aggregation.name,
            describe(aggregation_signature(aggregation), aggregation.experimental, aggregation.doc.summary),
        ));
    }
    found
}

fn describe(signature: String, experimental: bool, summary: &str) -> String {
    let mark = if experimental { " (experimental)" } else { "" };
    format!("{signature}{mark}. {summary}")
}

fn starting<'a>(words: impl Iterator<Item = &'a str>, start: &str) -> Vec<Candidate> {
    words.filter(|word| word.starts_with(start)).map(Candidate::plain).collect()
}

/// A label's or a metric's name as it has to be written where quotes may be left out; `None` if it would need
/// another quote than the one that stands there.
fn name_text(name: &str, quote_there: Option<char>) -> Option<String> {
    match quote_there {
        None if is_plain_label(name) => Some(name.to_owned()),
        None => Some(quote(name)),
        Some(mark) => quoted_with(name, mark),
    }
}

/// Whether a label value starts with what was typed; in a regular expression with its last alternative.
fn continues(value: &str, place: &Place, regex: bool) -> bool {
    if !regex {
        return value.starts_with(&place.word);
    }
    let (_, word) = alternatives(&place.word);
    if value.contains(is_special) { regex_text(value).starts_with(word) } else { value.starts_with(word) }
}

/// The alternatives of a regular expression that are complete, and the last.
fn alternatives(word: &str) -> (&str, &str) {
    word.split_at(word.rfind('|').map_or(0, |at| at + 1))
}

/// A label value, quoted; in a regular expression behind the alternatives that it has already.
fn value_text(value: &str, place: &Place, regex: bool) -> Option<String> {
    let mark = place.quote.unwrap_or('"');
    if !regex {
        return quoted_with(value, mark);
    }
    let (earlier, _) = alternatives(&place.word);
    let escaped = regex_text(value);
    match mark {
        // What was typed has its escapes already.
        '`' => quoted_with(&format!("{earlier}{escaped}"), mark),
        _ => Some(format!("{mark}{earlier}{}{mark}", inside(&escaped, mark))),
    }
}

/// The text in a regular expression that matches it alone.
fn regex_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_special(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Whether a character means something in regular expressions.
fn is_special(c: char) -> bool {
    matches!(c, '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$')
}

fn quoted_with(text: &str, mark: char) -> Option<String> {
    match mark {
        '`' => (!text.contains('`')).then(|| format!("`{text}`")),
        mark => Some(format!("{mark}{}{mark}", inside(text, mark))),
    }
}

/// The text as it stands between these quotes.
fn inside(text: &str, mark: char) -> String {
    let quoted = quote(text);
    let inner = &quoted[1..quoted.len() - 1];
    if mark == '\'' { inner.replace("\\\"", "\"").replace('\'', "\\'") } else { inner.to_owned() }
}

fn quote(text: &str) -> String {
    go_quote(text.as_bytes())
}

fn is_plain_label(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_plain_metric(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// Usual lengths of windows, and four scrapes. Behind digits, the units.
fn durations(names: &Names, word: &str) -> Vec<Candidate> {
    const USUAL: [&str; 8] = ["1m", "5m", "10m", "30m", "1h", "6h", "1d", "7d"];
    const UNITS: [&str; 7] = ["ms", "s", "m", "h", "d", "w", "y"];
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) {
        return UNITS.iter().map(|unit| Candidate::plain(format!("{word}{unit}"))).collect();
    }
    let mut found = starting(USUAL.into_iter(), word);
    if let Some(four) = names.four_scrapes().filter(|text| text.starts_with(word)) {
        found.retain(|candidate| candidate.replacement != four);
        found.push(Candidate::new(four, "four scrapes"));
    }
    found
}

/// `start()` and `end()`, and the ends of the data.
fn times(names: &Names, word: &str) -> Vec<Candidate> {
    let mut found = starting(["start()", "end()"].into_iter(), word);
    for (seconds, detail) in names.ends_of_data() {
        if seconds.starts_with(word) {
            found.push(Candidate::new(seconds, detail));
        }
    }
    found
}

#[cfg(test)]
mod tests;
