//! `info`: which info series are looked for, and when.

use promqlite_model::{MatchOp, Matcher, Millis};
use promqlite_syntax::ast::At;
use promqlite_syntax::with_stack;

use super::select::needed_by_lookback;
use super::{AtRule, LowerError, Lowerer, Scope};
use crate::node::{InfoNode, NodeKind, TimeMap};
use crate::typed::{Expr, ExprBox, ExprKind};

/// How far the first selector of an expression is away from the steps.
struct Place {
    at: Option<At>,
    offset: Millis,
}

impl Lowerer<'_> {
    pub(super) fn info(&mut self, args: &[ExprBox], scope: Scope) -> Result<NodeKind, LowerError> {
        let input = self.boxed(&args[0], scope)?;
        let matchers = match args.get(1).map(|arg| &arg.kind) {
            Some(ExprKind::Selector(selector)) => {
                self.offset(&selector.offset)?;
                selector.matchers.clone()
            }
            _ => Vec::new(),
        };
        let (name_matchers, data_matchers) =
            matchers.into_iter().partition(|matcher: &Matcher| matcher.name() == "__name__");
        let place = self.first_selector(&args[0])?.unwrap_or(Place { at: None, offset: Millis::ZERO });
        let at = match self.pinned(place.at, scope) {
            Some(pinned) if scope.at == AtRule::Pins => {
                TimeMap { first: pinned - place.offset, step: Millis::ZERO }
            }
            Some(pinned) => TimeMap { first: pinned - place.offset, step: scope.grid.step },
            None => TimeMap { first: scope.grid.start - place.offset, step: scope.grid.step },
        };
        let lookback = self.params.lookback;
        let range = needed_by_lookback(at, scope, lookback);
        let name_matchers = effective(name_matchers);
        Ok(NodeKind::Info(Box::new(InfoNode { input, name_matchers, data_matchers, at, lookback, range })))
    }

    /// Offsets of enclosing subqueries add up until an `@` anchors them.
    fn first_selector(&self, expr: &Expr) -> Result<Option<Place>, LowerError> {
        let (at, offset) = match &expr.kind {
            ExprKind::Selector(selector) => (selector.at, &selector.offset),
            ExprKind::Range(range) => (range.selector.at, &range.selector.offset),
            ExprKind::Subquery(subquery) => {
                return match with_stack(|| self.first_selector(&subquery.input))? {
                    Some(inner) if inner.at.is_none() => {
                        let offset = inner.offset + self.offset(&subquery.offset)?;
                        Ok(Some(Place { at: subquery.at, offset }))
                    }
                    anchored_or_none => Ok(anchored_or_none),
                };
            }
            _ => {
                for child in expr.children() {
                    if let Some(place) = with_stack(|| self.first_selector(child))? {
                        return Ok(Some(place));
                    }
                }
                return Ok(None);
            }
        };
        Ok(Some(Place { at, offset: self.offset(offset)? }))
    }
}

/// Info metrics are called `target_info`, or anything with `_info` when only names to avoid are given.
fn effective(mut names: Vec<Matcher>) -> Vec<Matcher> {
    if names.is_empty() {
        names.push(Matcher::equal("__name__", "target_info"));
    } else if names.iter().all(|matcher| matcher.op().is_negative()) {
        let any = Matcher::new("__name__", MatchOp::Regex, ".+_info");
        names.push(any.expect("invariant: the expression is well-formed"));
    }
    names
}
