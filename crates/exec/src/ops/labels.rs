//! `label_replace` and `label_join`: label work only, samples pass through.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use promqlite_model::{Labels, Symbol};
use promqlite_regex::{Regex, Template, compiled_bytes, is_small, reading_bytes};

use crate::budget::Tally;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Opened;
use crate::ops::merge::{Conflict, merge_equal};

/// What a remembered replacement takes in a growing table.
const MEMO_BYTES: usize = 48;

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
        cx.keep(reading_bytes(regex))?;
        if !is_small(regex) {
            cx.keep(compiled_bytes(regex))?;
        }
        cx.check()?;
        let Ok(compiled) = Regex::for_label_replace(regex) else {
            let text = format!("invalid regular expression in label_replace(): {regex}");
            return Err(ExecError::Evaluation(text));
        };
        if is_small(regex) {
            cx.keep(compiled.compiled_bytes())?;
        }
        if destination.is_empty() {
            let text = format!("invalid destination label name in label_replace(): {destination}");
            return Err(ExecError::Evaluation(text));
        }
        Ok(Self {
            destination: cx.intern(destination)?,
            source: cx.intern(source)?,
            template: Template::new(replacement),
            text_len: replacement.len(),
            groups: replacement.matches('$').count(),
            regex: compiled,
        })
    }

    pub(crate) fn open<'q>(self, mut input: Opened<'q>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
        // The expression runs once per distinct value of the source label.
        let mut replaced: HashMap<Symbol, Option<Symbol>, RandomState> = HashMap::default();
        input.schema.distinct &= no_row_has(self.destination, &input);
        let (mut made, mut known) = (Tally::new(cx, 0)?, Tally::new(cx, 0)?);
        for row in 0..input.rows() {
            let labels = &input.schema.labels[row];
            let source = labels.get(self.source);
            let value = match replaced.get(&source) {
                Some(&known) => known,
                None => {
                    let value = cx.symbols.get(source);
                    // Counted before it is made: nested calls may double a value again and again.
                    // A growing string has up to twice the room that it needs, and is moved as it grows.
                    let bound = self.text_len.saturating_add(value.len().saturating_mul(self.groups));
                    let scratch = cx.hold(bound.saturating_mul(3))?;
                    let text = self.regex.replace(value, &self.template);
                    let value = text.map(|text| cx.intern(&text)).transpose()?;
                    drop(scratch);
                    known.add(MEMO_BYTES)?;
                    replaced.insert(source, value);
                    value
                }
            };
            let Some(value) = value else {
                made.add(0)?;
                continue;
            };
            input.schema.labels[row] = with_label(labels, self.destination, value, cx);
            made.add(input.schema.labels[row].bytes())?;
            keep_name_if_written(&mut input, row, self.destination);
        }
        drop((known, replaced));
        merge_equal(input.holding(made.finish()?), Conflict::SameStep, cx)
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
            destination: cx.intern(destination)?,
            separator: separator.to_owned(),
            sources: sources.iter().map(|source| cx.intern(source)).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn open<'q>(self, mut input: Opened<'q>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
        input.schema.distinct &= no_row_has(self.destination, &input);
        let (mut made, mut scratch) = (Tally::new(cx, 0)?, cx.hold(0)?);
        let mut joined = String::new();
        for row in 0..input.rows() {
            let labels = &input.schema.labels[row];
            let value = if let [source] = *self.sources {
                labels.get(source)
            } else {
                let values = || self.sources.iter().map(|&name| cx.symbols.get(labels.get(name)));
                let separators = self.separator.len().saturating_mul(self.sources.len());
                // A growing string has up to twice the room that it needs.
                let bound = values().fold(separators, |sum, value| sum.saturating_add(value.len()));
                scratch.grow_to(bound.saturating_mul(2))?;
                joined.clear();
                for (i, value) in values().enumerate() {
                    joined.push_str(if i > 0 { &self.separator } else { "" });
                    joined.push_str(value);
                }
                cx.intern(&joined)?
            };
            input.schema.labels[row] = with_label(labels, self.destination, value, cx);
            made.add(input.schema.labels[row].bytes())?;
            keep_name_if_written(&mut input, row, self.destination);
        }
        merge_equal(input.holding(made.finish()?), Conflict::SameStep, cx)
    }
}

/// Whether a label is new to all rows: then whatever it is set to leaves different rows different.
fn no_row_has(label: Symbol, input: &Opened<'_>) -> bool {
    input.schema.labels.iter().all(|labels| labels.get(label) == Symbol::EMPTY)
}

fn with_label(labels: &Labels, name: Symbol, value: Symbol, cx: &Cx<'_>) -> Labels {
    labels.with(name, value, &cx.symbols)
}

/// A metric name that was just written is not removed at the end.
fn keep_name_if_written(input: &mut Opened<'_>, row: usize, destination: Symbol) {
    if destination == Symbol::NAME && !input.schema.drop_name.is_empty() {
        input.schema.drop_name[row] = false;
    }
}
