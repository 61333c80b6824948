//! What the grammar's actions do: build nodes, and record the errors that are found while doing so.

mod chain;
mod duration;
mod expr;
mod series;

use std::cell::RefCell;

use crate::ast::{Cardinality, ExprBox, Fill, LabelName, Matching};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::options::ParseOptions;
use crate::place::Tag;
use crate::span::Span;
use crate::token::{Hint, TokenKind};

pub(crate) use chain::Chain;
pub(crate) use duration::Dur;

/// Deepest nesting of an expression. Every operator of a chain such as `a + b + c` counts as a level.
pub const MAX_DEPTH: u32 = 2000;

/// The text of the error about an expression that nests too deep.
pub(crate) fn depth_message() -> String {
    format!("expression nests deeper than {MAX_DEPTH} levels")
}

/// A token as the grammar sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tok<'s> {
    pub(crate) kind: TokenKind,
    pub(crate) tag: Tag,
    pub(crate) text: &'s str,
    pub(crate) start: usize,
}

impl Tok<'_> {
    pub(crate) fn span(&self) -> Span {
        Span::new(self.start, self.end())
    }

    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) fn hint(&self) -> Option<Hint> {
        match self.kind {
            TokenKind::Hint(hint) => Some(hint),
            _ => None,
        }
    }
}

/// An expression and how deep it nests.
#[derive(Debug)]
pub(crate) struct Sub {
    pub(crate) expr: ExprBox,
    pub(crate) depth: u32,
}

/// The arguments of a call.
#[derive(Default, Debug)]
pub(crate) struct Args {
    list: Vec<ExprBox>,
    depth: u32,
}

impl Args {
    pub(crate) fn one(arg: Sub) -> Self {
        Self { list: vec![arg.expr], depth: arg.depth }
    }

    pub(crate) fn push(mut self, arg: Sub) -> Self {
        self.list.push(arg.expr);
        self.depth = self.depth.max(arg.depth);
        self
    }
}

/// A `by` or `without` clause.
#[derive(Debug)]
pub(crate) struct Grouping {
    pub(crate) without: bool,
    pub(crate) labels: Vec<LabelName>,
}

/// The argument of `@`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AtArg {
    Seconds(f64),
    Start,
    End,
}

/// The modifiers behind a binary operator.
#[derive(Debug)]
pub(crate) struct Mods {
    return_bool: bool,
    matching: Matching,
}

impl Mods {
    pub(crate) fn matching(
        on: bool,
        labels: Vec<LabelName>,
        card: Cardinality,
        include: Vec<LabelName>,
    ) -> Self {
        let matching = Matching { card, labels, on, include, fill: Fill::default() };
        Self { return_bool: false, matching }
    }

    pub(crate) fn new(return_bool: bool, group: Option<Box<Mods>>, fill: Option<Fill>) -> Self {
        let none = || Self::matching(false, Vec::new(), Cardinality::OneToOne, Vec::new());
        let mut mods = group.map_or_else(none, |mods| *mods);
        mods.return_bool = return_bool;
        mods.matching.fill = fill.unwrap_or_default();
        mods
    }
}

/// An action error, and where the construct that it is about ends.
pub(crate) struct Recorded {
    pub(crate) end: usize,
    pub(crate) diagnostic: Diagnostic,
}

/// Builds nodes for one parse. Actions never fail: the first error is kept, and the parse goes on.
pub(crate) struct Builder<'s> {
    text: &'s str,
    options: ParseOptions<'s>,
    error: RefCell<Option<Recorded>>,
}

impl<'s> Builder<'s> {
    pub(crate) fn new(text: &'s str, options: ParseOptions<'s>) -> Self {
        Self { text, options, error: RefCell::new(None) }
    }

    pub(crate) fn into_error(self) -> Option<Recorded> {
        self.error.into_inner()
    }

    /// Records an error at `span` in a construct that is complete at byte `end`.
    fn fail(&self, message: impl Into<String>, span: Span, end: usize) {
        self.record(DiagnosticKind::Action, message, span, end);
    }

    fn record(&self, kind: DiagnosticKind, message: impl Into<String>, span: Span, end: usize) {
        self.keep(Diagnostic::new(kind, message, span), end);
    }

    /// Keeps the error about a construct that is complete at byte `end`, unless there is an earlier one.
    fn keep(&self, diagnostic: Diagnostic, end: usize) {
        self.error.borrow_mut().get_or_insert(Recorded { end, diagnostic });
    }

    /// Whether a node one level above `depth` is allowed; if not, records the error at `span`.
    fn may_nest(&self, depth: u32, span: Span, end: usize) -> bool {
        let fits = depth < MAX_DEPTH;
        if !fits {
            self.record(DiagnosticKind::Limit, depth_message(), span, end);
        }
        fits
    }
}
