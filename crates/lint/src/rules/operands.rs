//! Binary operators: labels that the other side lost, units that do not fit.

use promqlite_functions::binary::BinaryOp;
use promqlite_model::ValueType;
use promqlite_plan::typed::{Expr, ExprKind};
use promqlite_plan::{Cardinality, Matching};

use super::{Lint, function_name};
use crate::facts::metric_of;
use crate::finding::{JOIN_WITHOUT_LABEL, UNIT_MISMATCH};
use crate::labels::label_bound;
use crate::metrics::unit_of_name;

pub(super) fn check(lint: &mut Lint<'_>, expr: &Expr) {
    let ExprKind::Binary { op, lhs, rhs, matching, .. } = &expr.kind else { return };
    if lhs.ty == ValueType::Vector && rhs.ty == ValueType::Vector {
        check_labels(lint, expr, (lhs, rhs), matching);
    }
    check_units(lint, expr, *op, (lhs, rhs));
}

fn check_labels(lint: &mut Lint<'_>, expr: &Expr, (lhs, rhs): (&Expr, &Expr), matching: &Matching) {
    let sides = [("left", label_bound(lhs)), ("right", label_bound(rhs))];
    if matching.on {
        for label in &matching.labels {
            let has = sides.each_ref().map(|(_, bound)| bound.may_have(label));
            let lost = match has {
                [true, false] => "right",
                [false, true] => "left",
                _ => continue,
            };
            let message =
                format!("series are matched on `{label}`, but the {lost} side has no such label any more");
            lint.tell(
                &JOIN_WITHOUT_LABEL,
                expr,
                message,
                format!("keep `{label}` in the aggregation on the {lost}"),
            );
        }
    }
    let one = match matching.card {
        Cardinality::ManyToOne => &sides[1],
        Cardinality::OneToMany => &sides[0],
        _ => return,
    };
    for label in matching.include.iter().filter(|label| !one.1.may_have(label)) {
        let message =
            format!("`{label}` is to be copied from the {} side, which has no such label any more", one.0);
        lint.tell(
            &JOIN_WITHOUT_LABEL,
            expr,
            message,
            format!("keep `{label}` in the aggregation on the {}", one.0),
        );
    }
}

fn check_units(lint: &mut Lint<'_>, expr: &Expr, op: BinaryOp, (lhs, rhs): (&Expr, &Expr)) {
    let adds = matches!(op.as_str(), "+" | "-");
    if !adds && !op.is_comparison() {
        return;
    }
    let verb = if adds { "added or subtracted" } else { "compared" };
    match (unit(lhs).as_deref(), unit(rhs).as_deref()) {
        (Some(left), Some(right)) if left != right => {
            let message = format!("{left} and {right} are {verb}");
            lint.tell(&UNIT_MISMATCH, expr, message, "bring both sides to one unit by `*` or `/`");
        }
        (Some("ratio"), None) => check_percent(lint, expr, rhs, op),
        (None, Some("ratio")) => check_percent(lint, expr, lhs, op),
        _ => {}
    }
}

/// A ratio that is compared with what only a percentage can be.
fn check_percent(lint: &mut Lint<'_>, expr: &Expr, other: &Expr, op: BinaryOp) {
    if let ExprKind::Number(number) = &other.kind
        && op.is_comparison()
        && (2.0..=100.0).contains(number)
    {
        let message = format!("a ratio lies between 0 and 1, but is compared with {number}");
        lint.tell(&UNIT_MISMATCH, expr, message, format!("compare with {}", number / 100.0));
    }
}

/// The unit of a vector's values, when its operations keep the unit of its metric.
fn unit(expr: &Expr) -> Option<String> {
    promqlite_syntax::with_stack(|| match &expr.kind {
        ExprKind::Selector(selector) => {
            metric_of(&selector.matchers).and_then(unit_of_name).map(str::to_owned)
        }
        ExprKind::Range(range) => {
            metric_of(&range.selector.matchers).and_then(unit_of_name).map(str::to_owned)
        }
        ExprKind::Subquery(subquery) => unit(&subquery.input),
        ExprKind::Plus(input) | ExprKind::Negate(input) => unit(input),
        ExprKind::Aggregate { aggregation, input, .. } => {
            let keeps =
                matches!(aggregation.name, "sum" | "avg" | "min" | "max" | "topk" | "bottomk" | "quantile");
            keeps.then(|| unit(input)).flatten()
        }
        ExprKind::Call { args, .. } => {
            let name = function_name(expr)?;
            let input = args.iter().find(|arg| matches!(arg.ty, ValueType::Vector | ValueType::Matrix))?;
            match name {
                "rate" | "irate" | "deriv" => unit(input).map(|unit| format!("{unit} per second")),
                "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time"
                | "quantile_over_time" | "sum_over_time" | "increase" | "delta" | "idelta" | "abs"
                | "ceil" | "floor" | "round" | "sort" | "sort_desc" | "clamp" | "clamp_min" | "clamp_max"
                | "label_replace" | "label_join" => unit(input),
                "histogram_quantile" => {
                    let classic = unit(input)?;
                    Some(classic.strip_suffix(" per second").unwrap_or(&classic).to_owned())
                }
                "time" | "timestamp" => Some("seconds".to_owned()),
                _ => None,
            }
        }
        ExprKind::Binary { op, lhs, rhs, .. } if matches!(op.as_str(), "+" | "-") || op.is_comparison() => {
            match (unit(lhs), unit(rhs)) {
                (Some(left), Some(right)) => (left == right).then_some(left),
                (Some(one), None) | (None, Some(one)) => Some(one),
                (None, None) => None,
            }
        }
        _ => None,
    })
}
