//! Walking and rewriting trees. Safe at any depth.

use crate::ast::{
    DurationExpr, DurationKind, DurationOperand, DurationValue, Expr, ExprBox, LabelName, VectorSelector,
};
use crate::span::Span;
use crate::stack::with_stack;

impl Expr {
    /// The sub-expressions in source order of Prometheus' walks: an aggregation's vector comes before its parameter.
    /// The selector of a range selector is no child.
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        let (first, second, rest): (Option<&Expr>, Option<&Expr>, &[ExprBox]) = match self {
            Expr::Aggregate(node) => (Some(&node.expr), node.param.as_deref(), &[]),
            Expr::Binary(node) => (Some(&node.lhs), Some(&node.rhs), &[]),
            Expr::Call(node) => (None, None, &node.args),
            Expr::Subquery(node) => (Some(&node.expr), None, &[]),
            Expr::Paren(node) => (Some(&node.expr), None, &[]),
            Expr::Unary(node) => (Some(&node.expr), None, &[]),
            Expr::Matrix(_) | Expr::Number(_) | Expr::String(_) | Expr::Vector(_) => (None, None, &[]),
        };
        first.into_iter().chain(second).chain(rest.iter().map(|arg| &**arg))
    }

    /// The sub-expressions in the order of [`Expr::children`].
    pub fn children_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let (first, second, rest): (Option<&mut Expr>, Option<&mut Expr>, &mut [ExprBox]) = match self {
            Expr::Aggregate(node) => (Some(&mut node.expr), node.param.as_deref_mut(), &mut []),
            Expr::Binary(node) => (Some(&mut node.lhs), Some(&mut node.rhs), &mut []),
            Expr::Call(node) => (None, None, &mut node.args),
            Expr::Subquery(node) => (Some(&mut node.expr), None, &mut []),
            Expr::Paren(node) => (Some(&mut node.expr), None, &mut []),
            Expr::Unary(node) => (Some(&mut node.expr), None, &mut []),
            Expr::Matrix(_) | Expr::Number(_) | Expr::String(_) | Expr::Vector(_) => (None, None, &mut []),
        };
        first.into_iter().chain(second).chain(rest.iter_mut().map(|arg| &mut **arg))
    }
}

/// Calls `visit` for every node, parents first.
pub fn walk(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    with_stack(|| {
        visit(expr);
        for child in expr.children() {
            walk(child, visit);
        }
    });
}

/// Calls `visit` for every node, parents first. A node's children are left out when `visit` returns false for it.
pub fn walk_mut(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr) -> bool) {
    with_stack(|| {
        if visit(expr) {
            for child in expr.children_mut() {
                walk_mut(child, visit);
            }
        }
    });
}

/// Replaces every node by what `replace` makes of it, children first.
pub fn map(mut expr: Expr, replace: &mut dyn FnMut(Expr) -> Expr) -> Expr {
    with_stack(|| {
        for child in expr.children_mut() {
            let taken = std::mem::replace(child, placeholder());
            *child = map(taken, replace);
        }
        replace(expr)
    })
}

fn placeholder() -> Expr {
    Expr::Number(crate::ast::NumberLiteral { value: 0.0, duration: false, span: Span::default() })
}

/// Sets every byte range to `0..0`, so that trees from different texts can be compared.
pub fn erase_spans(expr: &mut Expr) {
    walk_mut(expr, &mut |expr| {
        erase_node(expr);
        true
    });
}

fn erase_node(expr: &mut Expr) {
    let none = Span::default();
    match expr {
        Expr::Aggregate(node) => {
            (node.span, node.op_span) = (none, none);
            erase_labels(&mut node.grouping);
        }
        Expr::Binary(node) => {
            (node.span, node.op_span, node.op_position) = (none, none, 0);
            if let Some(matching) = &mut node.matching {
                erase_labels(&mut matching.labels);
                erase_labels(&mut matching.include);
            }
        }
        Expr::Call(node) => (node.span, node.func_span, node.parens) = (none, none, none),
        Expr::Matrix(node) => {
            (node.span, node.brackets) = (none, none);
            erase_selector(&mut node.selector);
            erase_duration(&mut node.range);
        }
        Expr::Subquery(node) => {
            (node.span, node.brackets) = (none, none);
            erase_duration(&mut node.range);
            node.step.iter_mut().chain(&mut node.offset).for_each(erase_duration);
        }
        Expr::Number(node) => node.span = none,
        Expr::String(node) => node.span = none,
        Expr::Paren(node) => node.span = none,
        Expr::Unary(node) => node.span = none,
        Expr::Vector(node) => erase_selector(node),
    }
}

fn erase_labels(labels: &mut [LabelName]) {
    for label in labels {
        label.span = Span::default();
    }
}

fn erase_selector(selector: &mut VectorSelector) {
    (selector.span, selector.name_span) = (Span::default(), Span::default());
    for matcher in &mut selector.matchers {
        (matcher.span, matcher.name_span) = (Span::default(), Span::default());
    }
    selector.offset.iter_mut().for_each(erase_duration);
}

fn erase_duration(duration: &mut DurationValue) {
    match duration {
        DurationValue::Fixed(fixed) => fixed.span = Span::default(),
        DurationValue::Expr(expr) => erase_duration_expr(expr),
    }
}

fn erase_duration_expr(expr: &mut DurationExpr) {
    with_stack(|| {
        expr.span = Span::default();
        let (lhs, rhs) = match &mut expr.kind {
            DurationKind::Step | DurationKind::Range => (None, None),
            DurationKind::Plus(rhs) | DurationKind::Minus(rhs) => (None, Some(rhs)),
            DurationKind::Binary { lhs, rhs, .. }
            | DurationKind::MinOf(lhs, rhs)
            | DurationKind::MaxOf(lhs, rhs) => (Some(lhs), Some(rhs)),
        };
        for operand in lhs.into_iter().chain(rhs) {
            match operand {
                DurationOperand::Literal(number) => number.span = Span::default(),
                DurationOperand::Expr(expr) => erase_duration_expr(expr),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::At;
    use crate::{ParseOptions, parse_expr};

    fn parse(text: &str) -> Expr {
        parse_expr(text, ParseOptions::PERMISSIVE).expect("valid")
    }

    #[test]
    fn walks_visit_parents_first() {
        let mut seen = Vec::new();
        walk(&parse("topk(1, -a) + f(b[5m], (c))"), &mut |expr| seen.push(expr.to_string()));
        let all = "topk(1, -a) + f(b[5m], (c))|topk(1, -a)|-a|a|1|f(b[5m], (c))|b[5m]|(c)|c";
        assert_eq!(seen.join("|"), all);
    }

    #[test]
    fn modifiers_attach_outside_subqueries() {
        let mut expr = parse("rate(a[5m]) + max_over_time(b[5m:]) + (c offset 1m)");
        walk_mut(&mut expr, &mut |expr| {
            let at = match expr {
                Expr::Vector(node) => &mut node.at,
                Expr::Matrix(node) => &mut node.selector.at,
                Expr::Subquery(node) => &mut node.at,
                _ => return true,
            };
            *at = Some(At::Time(60_000));
            false
        });
        let expected = "rate(a[5m] @ 60.000) + max_over_time(b[5m:] @ 60.000) + (c @ 60.000 offset 1m)";
        assert_eq!(expr.to_string(), expected);
    }

    #[test]
    fn map_replaces_children_first() {
        let expr = map(parse("(a) + ((b))"), &mut |expr| match expr {
            Expr::Paren(paren) => paren.expr.into_inner(),
            other => other,
        });
        assert_eq!(expr.to_string(), "a + b");
    }
}
