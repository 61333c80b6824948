//! `label_replace` and `label_join`: label work only, samples pass through.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use promqlite_model::Symbol;
use promqlite_regex::{Regex, Template, compiled_bytes, is_small, reading_bytes};

use crate::budget::Tally;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Opened;
use crate::ops::merge::{Conflict, merge_equal};

/// What a remembered replacement takes in a growing table.
const MEMO_BYTES: usize = 48;

/// `label_replace(v, destination, replacement, source, regex)`.
pub(crate) struct Replace<'q> {
    destination: &'q str,
    source: &'q str,
    template: Template,
    /// The most bytes that an expansion has beside the groups, and the most groups in it.
    text_len: usize,
    groups: usize,
    regex: Regex,
}

impl<'q> Replace<'q> {
    /// Checks the string arguments, before anything is evaluated.
    pub(crate) fn new(
        destination: &'q str,
        replacement: &str,
        source: &'q str,
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
            destination,
            source,
            template: Template::new(replacement),
            text_len: replacement.len(),
            groups: replacement.matches('$').count(),
            regex: compiled,
        })
    }

    pub(crate) fn open<'i>(self, mut input: Opened<'i>, cx: &Cx<'_>) -> Result<Opened<'i>, ExecError> {
        let mut destination = Destination::new(self.destination, cx);
        let source = cx.symbols.lookup(self.source);
        // The expression runs once per distinct value of the source label.
        let mut replaced: HashMap<Symbol, Option<Symbol>, RandomState> = HashMap::default();
        input.schema.distinct &= destination.is_new_to(&input);
        let (mut made, mut known) = (Tally::new(cx, 0)?, Tally::new(cx, 0)?);
        for row in 0..input.rows() {
            let labels = &input.schema.labels[row];
            let source = source.map_or(Symbol::EMPTY, |source| labels.get(source));
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
            match value {
                Some(value) => destination.set(&mut input, row, value, &mut made, cx)?,
                None => made.add(0)?,
            }
        }
        drop((known, replaced));
        merge_equal(input.holding(made.finish()?), Conflict::SameStep, cx)
    }
}

/// `label_join(v, destination, separator, sources…)`.
pub(crate) struct Join<'q> {
    destination: &'q str,
    separator: &'q str,
    sources: &'q [&'q str],
}

impl<'q> Join<'q> {
    /// Checks the string arguments, before anything is evaluated.
    pub(crate) fn new(
        destination: &'q str,
        separator: &'q str,
        sources: &'q [&'q str],
    ) -> Result<Self, ExecError> {
        if let Some(bad) = sources.iter().find(|source| source.is_empty()) {
            return Err(ExecError::Evaluation(format!("invalid source label name in label_join(): {bad}")));
        }
        if destination.is_empty() {
            let text = format!("invalid destination label name in label_join(): {destination}");
            return Err(ExecError::Evaluation(text));
        }
        Ok(Self { destination, separator, sources })
    }

    pub(crate) fn open<'i>(self, mut input: Opened<'i>, cx: &Cx<'_>) -> Result<Opened<'i>, ExecError> {
        let mut destination = Destination::new(self.destination, cx);
        let known = |source: &&str| cx.symbols.lookup(source).unwrap_or(Symbol::EMPTY);
        let sources: Vec<Symbol> = self.sources.iter().map(known).collect();
        input.schema.distinct &= destination.is_new_to(&input);
        let (mut made, mut scratch) = (Tally::new(cx, 0)?, cx.hold(0)?);
        let mut joined = String::new();
        for row in 0..input.rows() {
            let labels = &input.schema.labels[row];
            let value = if let [source] = *sources {
                labels.get(source)
            } else {
                let values = || sources.iter().map(|&name| cx.symbols.get(labels.get(name)));
                let separators = self.separator.len().saturating_mul(sources.len());
                // A growing string has up to twice the room that it needs.
                let bound = values().fold(separators, |sum, value| sum.saturating_add(value.len()));
                scratch.grow_to(bound.saturating_mul(2))?;
                joined.clear();
                for (i, value) in values().enumerate() {
                    joined.push_str(if i > 0 { self.separator } else { "" });
                    joined.push_str(value);
                }
                cx.intern(&joined)?
            };
            destination.set(&mut input, row, value, &mut made, cx)?;
        }
        merge_equal(input.holding(made.finish()?), Conflict::SameStep, cx)
    }
}

/// The label that is written. Its name becomes a symbol when a row gets a value: in most stores it is new.
struct Destination<'q> {
    name: &'q str,
    symbol: Option<Symbol>,
}

impl<'q> Destination<'q> {
    fn new(name: &'q str, cx: &Cx<'_>) -> Self {
        Self { name, symbol: cx.symbols.lookup(name) }
    }

    /// Whether no row has the label: then whatever it is set to leaves different rows different.
    fn is_new_to(&self, input: &Opened<'_>) -> bool {
        self.symbol
            .is_none_or(|name| input.schema.labels.iter().all(|labels| labels.get(name) == Symbol::EMPTY))
    }

    /// Gives a row the value.
    fn set(
        &mut self,
        input: &mut Opened<'_>,
        row: usize,
        value: Symbol,
        made: &mut Tally<'_, '_>,
        cx: &Cx<'_>,
    ) -> Result<(), ExecError> {
        let name = match self.symbol {
            Some(name) => name,
            None if value == Symbol::EMPTY => return made.add(0),
            None => *self.symbol.insert(cx.intern(self.name)?),
        };
        let labels = &mut input.schema.labels[row];
        *labels = labels.with(name, value, &cx.symbols);
        made.add(labels.bytes())?;
        // A metric name that was just written is not removed at the end.
        if name == Symbol::NAME && !input.schema.drop_name.is_empty() {
            input.schema.drop_name[row] = false;
        }
        Ok(())
    }
}
