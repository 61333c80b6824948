//! Counters and gauges: which functions suit which.

use promqlite_model::Millis;
use promqlite_plan::typed::{Expr, ExprKind};
use promqlite_storage::MetricKind;

use super::{Lint, function_name, selectors};
use crate::facts::metric_of;
use crate::finding::{
    COUNTER_WITHOUT_RATE, DELTA_OF_COUNTER, RANGE_TOO_SHORT, RATE_AFTER_AGGREGATION, RATE_OF_GAUGE,
};

/// Functions that take a decrease for a reset.
const FOR_COUNTERS: [&str; 4] = ["rate", "irate", "increase", "resets"];
/// Functions that take a reset for a change.
const FOR_GAUGES: [&str; 6] =
    ["delta", "idelta", "deriv", "predict_linear", "double_exponential_smoothing", "holt_winters"];
/// Functions that do not look at the value, or at which it is a matter of taste.
const INDIFFERENT: [&str; 15] = [
    "absent",
    "absent_over_time",
    "changes",
    "count_over_time",
    "histogram_avg",
    "histogram_count",
    "histogram_fraction",
    "histogram_quantile",
    "histogram_quantiles",
    "histogram_sum",
    "last_over_time",
    "present_over_time",
    "scalar",
    "start_timestamp",
    "timestamp",
];

pub(super) fn check(lint: &mut Lint<'_>, expr: &Expr, parents: &[&Expr]) {
    match &expr.kind {
        ExprKind::Selector(selector) => {
            if let Some(metric) = metric_of(&selector.matchers) {
                check_plain(lint, expr, metric, parents);
            }
        }
        ExprKind::Call { function, args } => {
            if let Some(range) = args.iter().find(|arg| arg.ty == promqlite_model::ValueType::Matrix) {
                check_window(lint, expr, function.name, range);
            }
        }
        _ => {}
    }
}

/// A counter whose value itself is used.
fn check_plain(lint: &mut Lint<'_>, expr: &Expr, metric: &str, parents: &[&Expr]) {
    if lint.facts.kind(metric) != MetricKind::Counter || parents.iter().rev().any(|p| excuses(p, expr)) {
        return;
    }
    let message = format!("`{metric}` is a counter: its value depends on when its process started");
    lint.tell(&COUNTER_WITHOUT_RATE, expr, message, format!("use `rate({}[5m])` or `increase`", metric));
}

/// Whether an operation above makes it right to read a counter as it stands.
fn excuses(parent: &Expr, counter: &Expr) -> bool {
    match &parent.kind {
        ExprKind::Call { function, .. } => {
            INDIFFERENT.contains(&function.name) || FOR_COUNTERS.contains(&function.name)
                // Another rule tells it.
                || FOR_GAUGES.contains(&function.name)
        }
        ExprKind::Aggregate { aggregation, .. } => {
            matches!(aggregation.name, "count" | "group" | "limitk" | "limit_ratio" | "count_values")
        }
        // The right side of these is only asked whether it is there.
        ExprKind::Binary { op, rhs, .. } => {
            matches!(op.as_str(), "and" | "unless")
                && rhs.span.start <= counter.span.start
                && counter.span.end <= rhs.span.end
        }
        // A difference of a counter with its past is an increase, if not a good one.
        _ => false,
    }
}

fn check_window(lint: &mut Lint<'_>, call: &Expr, function: &'static str, range: &Expr) {
    let for_counters = FOR_COUNTERS.contains(&function);
    match &range.kind {
        ExprKind::Range(inner) => {
            let Some(metric) = metric_of(&inner.selector.matchers) else { return };
            let kind = lint.facts.kind(metric);
            if for_counters && kind == MetricKind::Gauge {
                let message =
                    format!("`{metric}` is a gauge, but `{function}` takes each decrease for a reset");
                let instead = if function == "rate" { "deriv" } else { "delta" };
                lint.tell(
                    &RATE_OF_GAUGE,
                    call,
                    message,
                    format!("use `{instead}`, or a function `…_over_time`"),
                );
            }
            if FOR_GAUGES.contains(&function) && kind == MetricKind::Counter {
                let message =
                    format!("`{metric}` is a counter, but `{function}` takes its resets for changes");
                let instead = if function.ends_with("delta") { "increase" } else { "rate" };
                lint.tell(&DELTA_OF_COUNTER, call, message, format!("use `{instead}`"));
            }
            check_length(lint, function, range);
        }
        ExprKind::Subquery(subquery) if for_counters => {
            let ExprKind::Aggregate { aggregation, .. } = &subquery.input.kind else { return };
            let rated = has_rate(&subquery.input);
            let counters = selectors(&subquery.input).into_iter().filter_map(|s| metric_of(&s.matchers));
            let mut counters = counters.filter(|m| lint.facts.kind(m) == MetricKind::Counter);
            if let (false, Some(metric)) = (rated, counters.next()) {
                let name = aggregation.name;
                let message = format!(
                    "`{name}` over `{metric}` before `{function}`: a reset of one series hides in the others"
                );
                lint.tell(
                    &RATE_AFTER_AGGREGATION,
                    call,
                    message,
                    format!("use `{name}({function}({metric}[…]))`"),
                );
            }
        }
        _ => {}
    }
}

fn has_rate(expr: &Expr) -> bool {
    promqlite_syntax::with_stack(|| {
        function_name(expr).is_some_and(|name| FOR_COUNTERS.contains(&name))
            || expr.children().into_iter().any(has_rate)
    })
}

/// Functions that need two samples of a window.
const NEED_TWO: [&str; 8] = [
    "rate",
    "irate",
    "increase",
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
    "double_exponential_smoothing",
];

fn check_length(lint: &mut Lint<'_>, function: &str, range: &Expr) {
    let ExprKind::Range(inner) = &range.kind else { return };
    let Some(length) = inner.range.fixed_ns().map(|ns| Millis(ns / 1_000_000)) else { return };
    if !NEED_TWO.contains(&function) || inner.selector.extended.is_some() {
        return;
    }
    let Some(interval) = lint.facts.interval(&inner.selector.matchers) else { return };
    // Scrapes come a little late now and then.
    if length.0 * 20 < interval.0 * 39 {
        let text = promqlite_syntax::format_duration;
        let rounded = if interval.0 >= 1000 { (interval.0 + 500) / 1000 * 1000 } else { interval.0 };
        let message = format!(
            "the range of {} is shorter than two scrapes of {} each, but `{function}` needs two samples",
            text(length.0),
            text(rounded)
        );
        lint.tell(
            &RANGE_TOO_SHORT,
            range,
            message,
            format!("use at least [{}]", text(rounded.saturating_mul(4))),
        );
    }
}
