//! Binds names and types, once: from the syntax tree to the typed tree.
//!
//! Order and texts of the errors are Prometheus'. Only the first error is reported.

mod binary;
mod call;
mod environment;
mod selector;
mod suggest;

use std::fmt;

use promqlite_functions::aggregation;
use promqlite_model::ValueType;
use promqlite_syntax::{
    Diagnostic, DiagnosticKind, Features, ParseOptions, Span, ast, parse_expr, with_stack,
};

pub use environment::Registry;
pub use suggest::similar_function;

use crate::node::Grouping;
use crate::typed::{Expr, ExprBox, ExprKind, Invariance, Subquery};

/// Parses and checks a query: all that can be known about it without a time range.
///
/// # Errors
/// The first lexical, syntax or type error. Its [`Diagnostic::render`] is Prometheus' line.
pub fn parse(text: &str, features: Features) -> Result<Expr, Diagnostic> {
    let options = ParseOptions { features, env: &Registry };
    let ast = parse_expr(text, options).map_err(|error| suggest::improve(error, text))?;
    check(&ast)
}

/// Checks a syntax tree.
///
/// # Errors
/// The first type error.
pub fn check(expr: &ast::Expr) -> Result<Expr, Diagnostic> {
    with_stack(|| match expr {
        ast::Expr::Number(n) => Ok(constant(ExprKind::Number(n.value), ValueType::Scalar, n.span)),
        ast::Expr::String(s) => Ok(constant(ExprKind::String(s.value.clone()), ValueType::String, s.span)),
        ast::Expr::Paren(paren) => check(&paren.expr),
        ast::Expr::Vector(vector) => selector::check_vector(vector, selector::EmptyMatchers::Refuse),
        ast::Expr::Matrix(matrix) => selector::check_matrix(matrix),
        ast::Expr::Subquery(subquery) => check_subquery(subquery),
        ast::Expr::Unary(unary) => check_unary(unary),
        ast::Expr::Aggregate(aggregate) => check_aggregate(aggregate),
        ast::Expr::Binary(binary) => binary::check_binary(binary),
        ast::Expr::Call(call) => call::check_call(call),
    })
}

fn constant(kind: ExprKind, ty: ValueType, span: Span) -> Expr {
    Expr { kind, ty, span, invariance: Invariance::Constant }
}

fn type_error(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::new(DiagnosticKind::Type, message, span)
}

/// Checks an operand that must have a certain type; `context` ends the sentence of the error.
fn expect(expr: &ast::Expr, wanted: ValueType, context: impl fmt::Display) -> Result<ExprBox, Diagnostic> {
    let checked = check(expr)?;
    if checked.ty == wanted {
        return Ok(ExprBox::new(checked));
    }
    let got = checked.ty;
    let message = format!("expected type {} in {context}, got {}", wanted.documented(), got.documented());
    let error = type_error(message, expr.span());
    Err(match advice(wanted, &checked) {
        Some(help) => error.with_help(help),
        None => error,
    })
}

/// What to do about a value of a wrong type, where that is plain.
fn advice(wanted: ValueType, got: &Expr) -> Option<&'static str> {
    match (wanted, got.ty, &got.kind) {
        (ValueType::Matrix, ValueType::Vector, ExprKind::Selector(_)) => {
            Some("put a range behind the selector, such as `[5m]`")
        }
        (ValueType::Matrix, ValueType::Vector, _) => Some("make it a subquery, such as `(…)[5m:]`"),
        (ValueType::Vector, ValueType::Matrix, _) => {
            Some("aggregate the range with a function such as `rate` or `last_over_time`")
        }
        (ValueType::Vector, ValueType::Scalar, _) => Some("turn the number into a vector with `vector(…)`"),
        (ValueType::Scalar, ValueType::Vector, _) => {
            Some("turn a vector of one element into a number with `scalar(…)`")
        }
        _ => None,
    }
}

fn check_aggregate(node: &ast::Aggregate) -> Result<Expr, Diagnostic> {
    let aggregation =
        aggregation(node.op.as_str()).expect("invariant: every aggregator of the grammar is registered");
    let input = expect(&node.expr, ValueType::Vector, "aggregation expression")?;
    let param = match (aggregation.param, &node.param) {
        (Some(wanted), Some(param)) => Some(expect(param, wanted, "aggregation parameter")?),
        _ => None,
    };
    let labels = node.grouping.iter().map(|label| label.name.clone()).collect();
    let invariance = input.invariance;
    let grouping = Grouping { without: node.without, labels };
    let kind = ExprKind::Aggregate { aggregation, grouping, input, param };
    Ok(Expr { kind, ty: ValueType::Vector, span: node.span, invariance })
}

fn check_unary(node: &ast::Unary) -> Result<Expr, Diagnostic> {
    let operand = check(&node.expr)?;
    let (ty, invariance) = (operand.ty, operand.invariance);
    if !matches!(ty, ValueType::Scalar | ValueType::Vector) {
        return Err(type_error(
            format!(
                "unary expression only allowed on expressions of type scalar or instant vector, got \"{}\"",
                ty.documented()
            ),
            node.span,
        ));
    }
    let operand = ExprBox::new(operand);
    let kind = match node.op {
        ast::UnaryOp::Plus => ExprKind::Plus(operand),
        ast::UnaryOp::Minus => ExprKind::Negate(operand),
    };
    Ok(Expr { kind, ty, span: node.span, invariance })
}

fn check_subquery(node: &ast::Subquery) -> Result<Expr, Diagnostic> {
    let input = check(&node.expr)?;
    if input.ty != ValueType::Vector {
        let message =
            format!("subquery is only allowed on instant vector, got {} instead", input.ty.as_str());
        return Err(type_error(message, node.span));
    }
    let kind = ExprKind::Subquery(Box::new(Subquery {
        input: ExprBox::new(input),
        range: node.range.clone(),
        step: node.step.clone(),
        offset: node.offset.clone(),
        at: node.at,
    }));
    let invariance = Invariance::of_modifier(node.at);
    Ok(Expr { kind, ty: ValueType::Matrix, span: node.span, invariance })
}
