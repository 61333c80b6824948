//! Selectors and their matchers.

use promqlite_model::{MatchOp, Matcher, ValueType, quote};
use promqlite_syntax::{Diagnostic, DiagnosticKind, ast};

use super::type_error;
use crate::typed::{Expr, ExprKind, Invariance, RangeSelector, Selector};

/// A regular expression that no text matches.
const NOTHING: &str = r"[^\x{0}-\x{10ffff}]";

/// Whether a selector may consist of nothing but matchers that pass series without the label.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyMatchers {
    /// It would select everything.
    Refuse,
    /// It narrows down a selection, as in `info`.
    Allow,
}

pub(super) fn check_vector(node: &ast::VectorSelector, empty: EmptyMatchers) -> Result<Expr, Diagnostic> {
    let selector = check_selector(node, empty)?;
    let invariance = Invariance::of_modifier(node.at);
    Ok(Expr { kind: ExprKind::Selector(selector), ty: ValueType::Vector, span: node.span, invariance })
}

pub(super) fn check_matrix(node: &ast::MatrixSelector) -> Result<Expr, Diagnostic> {
    let selector = check_selector(&node.selector, EmptyMatchers::Refuse)?;
    let invariance = Invariance::of_modifier(selector.at);
    let kind = ExprKind::Range(Box::new(RangeSelector { selector, range: node.range.clone() }));
    Ok(Expr { kind, ty: ValueType::Matrix, span: node.span, invariance })
}

fn check_selector(node: &ast::VectorSelector, empty: EmptyMatchers) -> Result<Selector, Diagnostic> {
    if let Some(name) = &node.name {
        let (_, inner) = node.matchers.split_last().expect("invariant: an outer name has a matcher");
        if let Some(twice) = inner.iter().find(|m| m.name == "__name__") {
            let value = promqlite_syntax::go_quote(twice.value.as_bytes());
            let message = format!("metric name must not be set twice: {} or {value}", quote(name));
            return Err(type_error(message, node.span).with_secondary(twice.span, "the second name"));
        }
    }
    let mut matchers = Vec::with_capacity(node.matchers.len());
    for matcher in &node.matchers {
        matchers.push(bind_matcher(matcher)?);
    }
    if node.name.is_none() && empty == EmptyMatchers::Refuse && matchers.iter().all(Matcher::matches_empty) {
        return Err(type_error("vector selector must contain at least one non-empty matcher", node.span)
            .with_help("name a metric, or a label value that series must have"));
    }
    Ok(Selector { matchers, offset: node.offset.clone(), at: node.at, extended: node.extended })
}

/// Label names and values are UTF-8. A matcher with other bytes is turned into one that gives the same answer.
fn bind_matcher(node: &ast::Matcher) -> Result<Matcher, Diagnostic> {
    let op = match node.op {
        ast::MatchOp::Equal => MatchOp::Equal,
        ast::MatchOp::NotEqual => MatchOp::NotEqual,
        ast::MatchOp::Regex => MatchOp::Regex,
        ast::MatchOp::NotRegex => MatchOp::NotRegex,
    };
    let bound = match (node.name.as_str(), node.value.as_str()) {
        (Some(name), Some(value)) => Matcher::new(name, op, value),
        (Some(name), None) => without_text(name, op, &node.value.to_string_lossy()),
        // No series has such a label, so what counts is whether "" passes.
        (None, value) => {
            let value = value.map_or_else(|| node.value.to_string_lossy(), Into::into);
            let passes = Matcher::new("", op, &value).map(|m| m.matches_empty());
            passes.and_then(|passes| {
                let op = if passes { MatchOp::NotRegex } else { MatchOp::Regex };
                Matcher::new("__name__", op, NOTHING)
            })
        }
    };
    bound.map_err(|error| Diagnostic::new(DiagnosticKind::Action, error.to_string(), node.name_span))
}

/// A matcher against a value that is not UTF-8, and which no label has.
fn without_text(name: &str, op: MatchOp, lossy: &str) -> Result<Matcher, promqlite_regex::RegexError> {
    match op {
        MatchOp::Equal => Matcher::new(name, MatchOp::Regex, NOTHING),
        MatchOp::NotEqual => Matcher::new(name, MatchOp::NotRegex, NOTHING),
        MatchOp::Regex | MatchOp::NotRegex => Matcher::new(name, op, lossy),
    }
}
