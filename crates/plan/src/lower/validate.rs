//! What an embedder may forbid.

use promqlite_syntax::ast::{At, DurationValue};
use promqlite_syntax::with_stack;

use super::{LowerError, QueryParams};
use crate::typed::{Expr, ExprKind};

/// Refuses modifiers that are switched off, the first one in the order of a walk from the root.
pub(super) fn validate(expr: &Expr, params: &QueryParams) -> Result<(), LowerError> {
    if params.enable_at && params.enable_negative_offset {
        return Ok(());
    }
    walk(expr, params)
}

fn walk(expr: &Expr, params: &QueryParams) -> Result<(), LowerError> {
    match &expr.kind {
        ExprKind::Selector(selector) => check(selector.at, &selector.offset, params)?,
        ExprKind::Range(range) => check(range.selector.at, &range.selector.offset, params)?,
        ExprKind::Subquery(subquery) => check(subquery.at, &subquery.offset, params)?,
        _ => {}
    }
    expr.children().into_iter().try_for_each(|child| with_stack(|| walk(child, params)))
}

fn check(at: Option<At>, offset: &Option<DurationValue>, params: &QueryParams) -> Result<(), LowerError> {
    if at.is_some() && !params.enable_at {
        return Err(LowerError::AtDisabled);
    }
    let negative = offset.as_ref().and_then(DurationValue::fixed_ns).is_some_and(|ns| ns < 0);
    if negative && !params.enable_negative_offset {
        return Err(LowerError::NegativeOffsetDisabled);
    }
    Ok(())
}
