//! Binary operations.

use promqlite_functions::binary::BinaryOp;
use promqlite_model::{ValueType, quote};
use promqlite_syntax::{Diagnostic, Span, ast};

use super::{check, type_error};
use crate::node::{Cardinality, Matching};
use crate::typed::{Expr, ExprBox, ExprKind};

pub(super) fn check_binary(node: &ast::Binary) -> Result<Expr, Diagnostic> {
    let lhs = check(&node.lhs)?;
    let rhs = check(&node.rhs)?;
    check_bool(node, lhs.ty, rhs.ty)?;
    check_include(node)?;
    for (side, operand) in [(&lhs, &node.lhs), (&rhs, &node.rhs)] {
        if !matches!(side.ty, ValueType::Scalar | ValueType::Vector) {
            let message = "binary expression must contain only scalar and instant vector types";
            return Err(type_error(message, operand.span()).with_secondary(node.op_span, "operand of this"));
        }
    }
    let vectors = lhs.ty == ValueType::Vector && rhs.ty == ValueType::Vector;
    check_matching(node, vectors)?;
    if node.op.is_set() && !vectors {
        let message = format!("set operator \"{}\" not allowed in binary scalar expression", node.op);
        return Err(type_error(message, node.span));
    }
    let scalars = lhs.ty == ValueType::Scalar && rhs.ty == ValueType::Scalar;
    let ty = if scalars { ValueType::Scalar } else { ValueType::Vector };
    let invariance = lhs.invariance.and(rhs.invariance);
    let matching = if vectors { matching(node) } else { Matching::default() };
    let kind = ExprKind::Binary {
        op: operator(node.op),
        return_bool: node.return_bool,
        lhs: ExprBox::new(lhs),
        rhs: ExprBox::new(rhs),
        matching,
    };
    Ok(Expr { kind, ty, span: node.span, invariance })
}

/// Errors about an operator point at the first byte behind the left operand that is no space.
fn op_place(node: &ast::Binary) -> Span {
    Span::new(node.op_position, node.op_span.end.max(node.op_position))
}

fn check_bool(node: &ast::Binary, lhs: ValueType, rhs: ValueType) -> Result<(), Diagnostic> {
    if node.return_bool && !node.op.is_comparison() {
        return Err(type_error("bool modifier can only be used on comparison operators", op_place(node)));
    }
    let scalars = lhs == ValueType::Scalar && rhs == ValueType::Scalar;
    if scalars && node.op.is_comparison() && !node.return_bool {
        return Err(type_error("comparisons between scalars must use BOOL modifier", op_place(node))
            .with_help(format!("write `{} bool`", node.op)));
    }
    Ok(())
}

fn check_include(node: &ast::Binary) -> Result<(), Diagnostic> {
    let Some(matching) = node.matching.as_ref().filter(|matching| matching.on) else { return Ok(()) };
    for label in &matching.labels {
        if let Some(again) = matching.include.iter().find(|include| include.name == label.name) {
            let message =
                format!("label {} must not occur in ON and GROUP clause at once", quote(&label.name));
            return Err(type_error(message, op_place(node)).with_secondary(again.span, "occurs here again"));
        }
    }
    Ok(())
}

fn check_matching(node: &ast::Binary, vectors: bool) -> Result<(), Diagnostic> {
    let Some(matching) = &node.matching else { return Ok(()) };
    let fail = |message: String| Err(type_error(message, node.span));
    if !vectors {
        if !matching.labels.is_empty() {
            return fail("vector matching only allowed between instant vectors".into());
        }
        if matching.fill.is_set() {
            return fail("filling in missing series only allowed between instant vectors".into());
        }
        return Ok(());
    }
    if !node.op.is_set() {
        return Ok(());
    }
    match matching.card {
        ast::Cardinality::OneToMany | ast::Cardinality::ManyToOne => {
            return fail(format!("no grouping allowed for \"{}\" operation", node.op));
        }
        ast::Cardinality::OneToOne | ast::Cardinality::ManyToMany => {}
    }
    if matching.fill.is_set() {
        return fail("filling in missing series not allowed for set operators".into());
    }
    Ok(())
}

fn matching(node: &ast::Binary) -> Matching {
    let names = |labels: &[ast::LabelName]| labels.iter().map(|label| label.name.clone()).collect();
    let mut bound = match &node.matching {
        Some(matching) => Matching {
            card: match matching.card {
                ast::Cardinality::OneToOne => Cardinality::OneToOne,
                ast::Cardinality::ManyToOne => Cardinality::ManyToOne,
                ast::Cardinality::OneToMany => Cardinality::OneToMany,
                ast::Cardinality::ManyToMany => Cardinality::ManyToMany,
            },
            on: matching.on,
            labels: names(&matching.labels),
            include: names(&matching.include),
            fill_left: matching.fill.lhs,
            fill_right: matching.fill.rhs,
        },
        None => Matching::default(),
    };
    if node.op.is_set() {
        bound.card = Cardinality::ManyToMany;
    }
    bound
}

fn operator(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Add => BinaryOp::Add,
        ast::BinaryOp::Sub => BinaryOp::Sub,
        ast::BinaryOp::Mul => BinaryOp::Mul,
        ast::BinaryOp::Div => BinaryOp::Div,
        ast::BinaryOp::Mod => BinaryOp::Mod,
        ast::BinaryOp::Pow => BinaryOp::Pow,
        ast::BinaryOp::Atan2 => BinaryOp::Atan2,
        ast::BinaryOp::Eq => BinaryOp::Eq,
        ast::BinaryOp::Ne => BinaryOp::Ne,
        ast::BinaryOp::Lt => BinaryOp::Lt,
        ast::BinaryOp::Le => BinaryOp::Le,
        ast::BinaryOp::Gt => BinaryOp::Gt,
        ast::BinaryOp::Ge => BinaryOp::Ge,
        ast::BinaryOp::TrimUpper => BinaryOp::TrimUpper,
        ast::BinaryOp::TrimLower => BinaryOp::TrimLower,
        ast::BinaryOp::And => BinaryOp::And,
        ast::BinaryOp::Or => BinaryOp::Or,
        ast::BinaryOp::Unless => BinaryOp::Unless,
    }
}
