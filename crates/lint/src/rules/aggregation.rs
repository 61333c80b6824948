//! Aggregations: quantiles need their buckets and their rate; quantiles cannot be averaged.

use promqlite_plan::typed::{Expr, ExprKind};
use promqlite_storage::MetricKind;

use super::{Lint, function_name, selectors};
use crate::facts::metric_of;
use crate::finding::{AGGREGATED_QUANTILES, QUANTILE_WITHOUT_LE, QUANTILE_WITHOUT_RATE};
use crate::labels::label_bound;

pub(super) fn check(lint: &mut Lint<'_>, expr: &Expr) {
    match &expr.kind {
        ExprKind::Call { function, args } if function.name == "histogram_quantile" => {
            check_buckets(lint, expr, &args[1]);
        }
        ExprKind::Call { function, args } if function.name == "histogram_fraction" => {
            check_buckets(lint, expr, &args[2]);
        }
        ExprKind::Aggregate { aggregation, input, .. } if matches!(aggregation.name, "sum" | "avg") => {
            check_quantiles(lint, expr, aggregation.name, input);
        }
        _ => {}
    }
}

/// The input of a quantile over classic buckets.
fn check_buckets(lint: &mut Lint<'_>, call: &Expr, input: &Expr) {
    let metrics: Vec<&str> = selectors(input).into_iter().filter_map(|s| metric_of(&s.matchers)).collect();
    let Some(bucket) = metrics.into_iter().find(|m| m.ends_with("_bucket")) else { return };
    let name = function_name(call).unwrap_or_default();
    if !label_bound(input).may_have("le") {
        let message =
            format!("`{name}` needs the label `le` of `{bucket}`, but an aggregation below drops it");
        lint.tell(&QUANTILE_WITHOUT_LE, call, message, "keep it: `sum by (le, …) (rate(…))`");
        return;
    }
    if !over_time(input) {
        let message = format!("`{name}` over `{bucket}` itself counts everything since the process started");
        lint.tell(
            &QUANTILE_WITHOUT_RATE,
            call,
            message,
            format!("take the rate first: `rate({bucket}[5m])`"),
        );
    }
}

/// Whether a window stands below.
fn over_time(expr: &Expr) -> bool {
    promqlite_syntax::with_stack(|| {
        matches!(expr.kind, ExprKind::Range(_) | ExprKind::Subquery(_))
            || expr.children().into_iter().any(over_time)
    })
}

fn check_quantiles(lint: &mut Lint<'_>, aggregate: &Expr, name: &str, input: &Expr) {
    let ExprKind::Selector(selector) = &input.kind else { return };
    let quantile = selector.matchers.iter().find(|m| m.name() == "quantile" && !m.matches_empty());
    let Some(metric) = metric_of(&selector.matchers) else { return };
    if quantile.is_some() || lint.facts.kind(metric) == MetricKind::Summary {
        let message = format!("the `{name}` of quantiles of `{metric}` is no quantile of anything");
        let help = format!(
            "divide sums by counts for an average: `sum(rate({metric}_sum[5m])) / sum(rate({metric}_count[5m]))`"
        );
        lint.tell(&AGGREGATED_QUANTILES, aggregate, message, help);
    }
}
