//! A column's title as the labels of a series.

use crate::text::series::{Quoting, SeriesText};

/// The labels that a title stands for: `name{a="b"}` and `{a="b"}` as they say, a metric name as the name. Any
/// other title becomes the label `legend`, and the name is the title with `_` for what a name cannot have.
pub(crate) fn labels_of_title(title: &str) -> Vec<(String, String)> {
    let title = title.trim();
    if let Some(labels) = labels_of_series(title) {
        return labels;
    }
    let name = metric_name(title);
    if name == title {
        return vec![("__name__".to_owned(), name)];
    }
    vec![("__name__".to_owned(), name), ("legend".to_owned(), title.to_owned())]
}

/// The labels if the title is written as a series is. Grafana's blanks behind commas are no trouble.
fn labels_of_series(title: &str) -> Option<Vec<(String, String)>> {
    if !title.ends_with('}') {
        return None;
    }
    let quoting = if title.starts_with('{') { Quoting::Go } else { Quoting::Exposition };
    let mut text = SeriesText::default();
    let end = text.parse(title.as_bytes(), quoting).ok()?;
    let pairs = text.pairs().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    (end == title.len()).then(|| pairs.collect())
}

/// The text with one `_` for every run of characters that a classic metric name cannot have.
fn metric_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut replaced = false;
    for c in text.chars() {
        let fits = c.is_ascii_alphanumeric() || c == ':' || c == '_';
        if name.is_empty() && c.is_ascii_digit() {
            name.push('_');
        }
        match (fits, replaced) {
            (true, _) => name.push(c),
            (false, false) => name.push('_'),
            (false, true) => {}
        }
        replaced = !fits;
    }
    if replaced && name.len() > 1 {
        name.pop();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        for (title, labels) in [
            ("cpu_usage", vec![("__name__", "cpu_usage")]),
            ("up{job=\"a\", instance=\"b\"}", vec![("__name__", "up"), ("job", "a"), ("instance", "b")]),
            ("{job=\"a\"}", vec![("job", "a")]),
            ("CPU (idle)", vec![("__name__", "CPU_idle"), ("legend", "CPU (idle)")]),
            ("Value {job=\"x\"}", vec![("__name__", "Value"), ("job", "x")]),
            ("5xx", vec![("__name__", "_5xx"), ("legend", "5xx")]),
            ("up{job=", vec![("__name__", "up_job"), ("legend", "up{job=")]),
            ("up{}}", vec![("__name__", "up"), ("legend", "up{}}")]),
            ("é", vec![("__name__", "_"), ("legend", "é")]),
            ("a__b_", vec![("__name__", "a__b_")]),
        ] {
            let expected: Vec<_> = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(labels_of_title(title), expected, "{title}");
        }
    }
}
