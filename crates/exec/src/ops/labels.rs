//! `label_replace` and `label_join`: label work only, samples pass through.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use promqlite_model::{Labels, LabelsBuilder, Symbol};
use promqlite_regex::{Regex, Template};

use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Opened;
use crate::ops::merge::{Conflict, merge_equal};

/// `label_replace(v, destination, replacement, source, regex)`.
pub(crate) struct Replace {
    destination: Symbol,
    source: Symbol,
    template: Template,
    /// The most bytes that an expansion has beside the groups, and the most groups in it.
    text_len: usize,
    groups: usize,
    regex: Regex,
}

impl Replace {
    /// Checks the string arguments, before anything is evaluated.
    pub(crate) fn new(
        destination: &str,
        replacement: &str,
        source: &str,
        regex: &str,
        cx: &Cx<'_>,
    ) -> Result<Self, ExecError> {
        let Ok(compiled) = Regex::for_label_replace(regex) else {
            let text = format!("invalid regular expression in label_replace(): {regex}");
            return Err(ExecError::Evaluation(text));
        };
        if destination.is_empty() {
            let text = format!("invalid destination label name in label_replace(): {destination}");
            return Err(ExecError::Evaluation(text));
        }
        Ok(Self {
            destination: cx.symbols.intern(destination),
            source: cx.symbols.intern(source),
            template: Template::new(replacement),
            text_len: replacement.len(),
            groups: replacement.matches('$').count(),
            regex: compiled,
        })
    }

    pub(crate) fn open<'q>(self, mut input: Opened<'q>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
        // The expression runs once per distinct value of the source label.
        let mut replaced: HashMap<Symbol, Option<Symbol>, RandomState> = HashMap::default();
        for row in 0..input.rows() {
            if row % 1024 == 0 {
                cx.check()?;
            }
            let labels = &input.schema.labels[row];
            let source = labels.get(self.source);
            let value = match replaced.get(&source) {
                Some(&known) => known,
                None => {
                    let value = cx.symbols.get(source);
                    // Counted before it is made: nested calls may double a value again and again.
                    let bound = self.text_len.saturating_add(value.len().saturating_mul(self.groups));
                    cx.hold_bytes(bound)?;
                    let text = self.regex.replace(value, &self.template);
                    cx.release_bytes(bound - text.as_ref().map_or(0, String::len).min(bound));
                    let value = text.map(|text| cx.symbols.intern(&text));
                    replaced.insert(source, value);
                    value
                }
            };
            let Some(value) = value else { continue };
            input.schema.labels[row] = with_label(labels, self.destination, value, cx);
            keep_name_if_written(&mut input, row, self.destination);
        }
        merge_equal(input, Conflict::SameStep, cx)
    }
}

/// `label_join(v, destination, separator, sources…)`.
pub(crate) struct Join {
    destination: Symbol,
    separator: String,
    sources: Vec<Symbol>,
}

impl Join {
    /// Checks the string arguments, before anything is evaluated.
    pub(crate) fn new(
        destination: &str,
        separator: &str,
        sources: &[&str],
        cx: &Cx<'_>,
    ) -> Result<Self, ExecError> {
        if let Some(bad) = sources.iter().find(|source| source.is_empty()) {
            return Err(ExecError::Evaluation(format!("invalid source label name in label_join(): {bad}")));
        }
        if destination.is_empty() {
            let text = format!("invalid destination label name in label_join(): {destination}");
            return Err(ExecError::Evaluation(text));
        }
        Ok(Self {
            destination: cx.symbols.intern(destination),
            separator: separator.to_owned(),
            sources: sources.iter().map(|source| cx.symbols.intern(source)).collect(),
        })
    }

    pub(crate) fn open<'q>(self, mut input: Opened<'q>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
        for row in 0..input.rows() {
            if row % 1024 == 0 {
                cx.check()?;
            }
            let labels = &input.schema.labels[row];
            let values: Vec<&str> =
                self.sources.iter().map(|&name| cx.symbols.get(labels.get(name))).collect();
            let separators = self.separator.len().saturating_mul(values.len());
            let bound = values.iter().fold(separators, |sum, value| sum.saturating_add(value.len()));
            cx.hold_bytes(bound)?;
            let joined = values.join(&self.separator);
            let value = cx.symbols.intern(&joined);
            input.schema.labels[row] = with_label(labels, self.destination, value, cx);
            keep_name_if_written(&mut input, row, self.destination);
        }
        merge_equal(input, Conflict::SameStep, cx)
    }
}

fn with_label(labels: &Labels, name: Symbol, value: Symbol, cx: &Cx<'_>) -> Labels {
    LabelsBuilder::from_labels(labels).set(name, value).build(&cx.symbols)
}

/// A metric name that was just written is not removed at the end.
fn keep_name_if_written(input: &mut Opened<'_>, row: usize, destination: Symbol) {
    if destination == Symbol::NAME && !input.schema.drop_name.is_empty() {
        input.schema.drop_name[row] = false;
    }
}
