//! The rules: each looks at one node of a query and tells what it finds.

mod aggregation;
mod counter;
mod matcher;
mod operands;

pub(crate) use matcher::list;
use promqlite_model::Matcher;
use promqlite_plan::typed::{Expr, ExprKind, Selector};
use promqlite_storage::Storage;
use promqlite_syntax::{Diagnostic, Features, with_stack};

use crate::facts::Facts;
use crate::finding::{Code, Finding};

/// What may be wrong with a query, by its text and by the data of `storage`; in the order of the text. A store
/// without data leaves out what only data can tell.
///
/// # Errors
/// [`Diagnostic`] when the text does not parse or its types do not fit.
pub fn lint(text: &str, features: Features, storage: &dyn Storage) -> Result<Vec<Finding>, Diagnostic> {
    let expr = promqlite_plan::parse(text, features)?;
    let mut lint = Lint { facts: Facts::new(storage), findings: Vec::new() };
    lint.visit(&expr, &mut Vec::new());
    let mut findings = lint.findings;
    findings.sort_by(|a, b| (a.span.start, a.code.name).cmp(&(b.span.start, b.code.name)));
    findings.dedup();
    Ok(findings)
}

pub(crate) struct Lint<'s> {
    pub facts: Facts<'s>,
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn visit<'e>(&mut self, expr: &'e Expr, parents: &mut Vec<&'e Expr>) {
        with_stack(|| {
            matcher::check(self, expr, parents);
            counter::check(self, expr, parents);
            aggregation::check(self, expr);
            operands::check(self, expr);
            parents.push(expr);
            expr.children().into_iter().for_each(|child| self.visit(child, parents));
            parents.pop();
        });
    }

    fn tell(&mut self, code: &'static Code, at: &Expr, message: String, help: impl Into<String>) {
        self.findings.push(Finding { code, span: at.span, message, help: help.into() });
    }
}

/// The selector of a leaf.
pub(crate) fn selector(expr: &Expr) -> Option<&Selector> {
    match &expr.kind {
        ExprKind::Selector(selector) => Some(selector),
        ExprKind::Range(range) => Some(&range.selector),
        _ => None,
    }
}

/// The name of the function that a node calls.
pub(crate) fn function_name(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Call { function, .. } => Some(function.name),
        _ => None,
    }
}

/// The selectors below a node, itself included.
pub(crate) fn selectors(expr: &Expr) -> Vec<&Selector> {
    with_stack(|| match selector(expr) {
        Some(selector) => vec![selector],
        None => expr.children().into_iter().flat_map(selectors).collect(),
    })
}

/// How a matcher is written.
pub(crate) fn written(matcher: &Matcher) -> String {
    format!(
        "{}{}{}",
        matcher.name(),
        matcher.op().as_str(),
        promqlite_syntax::go_quote(matcher.value().as_bytes())
    )
}
