//! Series as lines.

use promqlite::{LabelSet, Series};
use promqlite_chart::{Chart, Line, Unit};
use promqlite_plan::typed::{Expr, ExprKind};

use crate::when::When;

/// The series' floats as lines.
pub(super) fn chart(series: &[Series], query: &str, when: When) -> Chart {
    let When::Range { start, end, step } = when else { unreachable!("invariant: only ranges are drawn") };
    let common = common_labels(series);
    let line = |one: &Series| Line {
        name: name(&one.labels, &common),
        times: one.floats.iter().map(|(t, _)| t.0).collect(),
        values: one.floats.iter().map(|(_, v)| v).collect(),
    };
    Chart {
        title: title(query),
        unit: unit_of(query),
        start_ms: start.0,
        end_ms: end.0,
        step_ms: step.0,
        lines: series.iter().filter(|one| !one.floats.is_empty()).map(line).collect(),
    }
}

/// The query in one line.
pub(super) fn title(query: &str) -> String {
    query.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Labels that all of several series share tell nothing apart.
fn common_labels(series: &[Series]) -> Vec<(String, String)> {
    let [first, rest @ ..] = series else { return Vec::new() };
    if rest.is_empty() {
        return Vec::new();
    }
    let shared = |(name, value): &(&str, &str)| rest.iter().all(|one| one.labels.get(name) == Some(value));
    first.labels.iter().filter(shared).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn name(labels: &LabelSet, common: &[(String, String)]) -> String {
    let telling = labels.iter().filter(|(n, v)| !common.iter().any(|(cn, cv)| cn == n && cv == v));
    LabelSet::from_pairs(telling).to_string()
}

/// The unit of the values, if the query keeps that of a metric.
fn unit_of(query: &str) -> Unit {
    let expr = promqlite_plan::parse(query, promqlite::Features::ALL);
    expr.map_or(Unit::Number, |expr| unit(&expr, false).unwrap_or(Unit::Number))
}

fn unit(expr: &Expr, per_second: bool) -> Option<Unit> {
    match &expr.kind {
        ExprKind::Selector(selector) => metric_unit(&selector.matchers, per_second),
        ExprKind::Range(range) => metric_unit(&range.selector.matchers, per_second),
        ExprKind::Subquery(subquery) => unit(&subquery.input, per_second),
        ExprKind::Plus(input) | ExprKind::Negate(input) => unit(input, per_second),
        ExprKind::Aggregate { aggregation, input, .. } => {
            let keeps = ["sum", "avg", "min", "max", "topk", "bottomk", "quantile", "limitk", "limit_ratio"];
            keeps.contains(&aggregation.name).then(|| unit(input, per_second)).flatten()
        }
        ExprKind::Call { function, args } => {
            let input = args.iter().find(|arg| !arg.children().is_empty() || is_selector(arg))?;
            match function.name {
                "rate" | "irate" | "deriv" => unit(input, true),
                // The rate of observations of a time is drawn as the time itself.
                "histogram_quantile" => match unit(input, false)? {
                    Unit::BytesPerSecond => Some(Unit::Bytes),
                    Unit::Ratio => Some(Unit::Seconds),
                    Unit::PerSecond => Some(Unit::Number),
                    other => Some(other),
                },
                "increase" | "delta" | "idelta" | "abs" | "clamp" | "clamp_min" | "clamp_max" | "sort"
                | "sort_desc" | "label_replace" | "label_join" | "avg_over_time" | "min_over_time"
                | "max_over_time" | "last_over_time" | "quantile_over_time" => unit(input, per_second),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_selector(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Selector(_) | ExprKind::Range(_))
}

fn metric_unit(matchers: &[promqlite::Matcher], per_second: bool) -> Option<Unit> {
    let named = matchers.iter().find(|m| m.name() == "__name__" && m.op() == promqlite::MatchOp::Equal)?;
    Some(Unit::of_metric(named.value(), per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_tell_their_unit() {
        for (query, want) in [
            ("node_memory_free_bytes", Unit::Bytes),
            ("sum by (job) (rate(http_requests_total[5m]))", Unit::PerSecond),
            ("sum(rate(node_network_bytes_total[5m])) / 2", Unit::Number),
            ("topk(3, process_start_time_seconds)", Unit::Seconds),
            ("count(node_memory_free_bytes)", Unit::Number),
            ("max_over_time(free_bytes[5m:1m])", Unit::Bytes),
            ("rate(", Unit::Number),
        ] {
            assert_eq!(unit_of(query), want, "{query}");
        }
        let quantile =
            "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))";
        assert_eq!(unit_of(quantile), Unit::Seconds);
    }

    #[test]
    fn a_legend_leaves_out_what_all_series_share() {
        let series = |status| Series {
            labels: LabelSet::from_pairs([("job", "shop"), ("status", status)]),
            floats: promqlite::Floats::new(),
            histograms: Vec::new(),
        };
        let both = [series("200"), series("500")];
        assert_eq!(name(&both[0].labels, &common_labels(&both)), r#"{status="200"}"#);
        assert_eq!(name(&both[0].labels, &common_labels(&both[..1])), r#"{job="shop", status="200"}"#);
    }
}
