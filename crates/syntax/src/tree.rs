//! Trees as an indented list of nodes.

use std::fmt::Write;

use crate::ast::Expr;
use crate::print::{AggregateHead, BinaryMiddle, SubqueryTail};
use crate::stack::with_stack;

/// One line per node with its byte range, two spaces per level, in source order.
pub fn tree(expr: &Expr) -> String {
    let mut out = String::new();
    push(&mut out, expr, 0);
    out
}

fn push(out: &mut String, expr: &Expr, depth: usize) {
    with_stack(|| {
        let span = expr.span();
        let indent = "  ".repeat(depth);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{indent}{} [{}..{}]", describe(expr), span.start, span.end);
        // Source order: an aggregation's parameter comes first.
        if let Expr::Aggregate(node) = expr {
            for child in node.param.iter().chain([&node.expr]) {
                push(out, child, depth + 1);
            }
            return;
        }
        for child in expr.children() {
            push(out, child, depth + 1);
        }
    });
}

fn describe(expr: &Expr) -> String {
    match expr {
        Expr::Aggregate(node) => format!("aggregate {}", AggregateHead(node)).trim_end().to_owned(),
        Expr::Binary(node) => format!("binary {}", BinaryMiddle(node)),
        Expr::Call(node) => format!("call {}", node.func),
        Expr::Matrix(node) => format!("matrix {node}"),
        Expr::Subquery(node) => format!("subquery {}", SubqueryTail(node)),
        Expr::Number(node) if node.duration => format!("duration {node}"),
        Expr::Number(node) => format!("number {node}"),
        Expr::String(node) => format!("string {node}"),
        Expr::Paren(_) => "paren".to_owned(),
        Expr::Unary(node) => format!("unary {}", node.op),
        Expr::Vector(node) => format!("vector {node}"),
    }
}
