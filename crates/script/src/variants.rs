//! Rewritten queries that must answer like the one they come from.

use promqlite::Timestamp;
use promqlite::syntax::ast::{At, Expr};
use promqlite::syntax::{ParseOptions, parse_expr, with_stack};

/// Calls whose result depends on the evaluation time even where their arguments do not.
const TIME_DEPENDENT: [&str; 15] = [
    "days_in_month",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "hour",
    "minute",
    "month",
    "year",
    "predict_linear",
    "time",
    "timestamp",
    "start",
    "end",
    "range",
    "step",
];

/// The query with every selector and subquery pinned to `at`, and the times at which it must then still answer
/// alike. `None` for queries that depend on the evaluation time otherwise.
pub(crate) fn pinned(query: &str, at: Timestamp) -> Option<(String, Vec<Timestamp>)> {
    let mut expr = parse_expr(query, ParseOptions::PERMISSIVE).ok()?;
    if !pin(&mut expr, at) {
        return None;
    }
    let t = at.0;
    let times = if t == 0 {
        vec![-1000, 0, 1000]
    } else {
        vec![t.saturating_mul(-10), 0, t / 5, t, t.saturating_mul(10)]
    };
    Some((expr.to_string(), times.into_iter().map(Timestamp).collect()))
}

/// Pins an expression. False if it calls something that depends on the time of evaluation.
fn pin(expr: &mut Expr, at: Timestamp) -> bool {
    let set = |slot: &mut Option<At>| {
        if !matches!(slot, Some(At::Time(_))) {
            *slot = Some(At::Time(at.0));
        }
    };
    with_stack(|| match expr {
        Expr::Vector(selector) => {
            set(&mut selector.at);
            true
        }
        Expr::Matrix(matrix) => {
            set(&mut matrix.selector.at);
            true
        }
        // Pinned itself, which fixes all that it holds.
        Expr::Subquery(subquery) => {
            set(&mut subquery.at);
            true
        }
        Expr::Call(call) if TIME_DEPENDENT.contains(&call.func.as_str()) => false,
        _ => expr.children_mut().all(|child| pin(child, at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_and_subqueries_are_pinned() {
        let pinned = |query: &str| pinned(query, Timestamp(60_000)).map(|(query, _)| query);
        assert_eq!(pinned("a + b @ 5").as_deref(), Some("a @ 60.000 + b @ 5.000"));
        assert_eq!(pinned("rate(a[5m] offset 1m)").as_deref(), Some("rate(a[5m] @ 60.000 offset 1m)"));
        assert_eq!(
            pinned("sum_over_time((a * time())[5m:1m])").as_deref(),
            Some("sum_over_time((a * time())[5m:1m] @ 60.000)")
        );
        assert_eq!(pinned("a * time()"), None);
    }

    #[test]
    fn times_depend_on_the_evaluation_time() {
        let times = |t| -> Vec<i64> {
            super::pinned("a", Timestamp(t)).unwrap().1.into_iter().map(|t| t.0).collect()
        };
        assert_eq!(times(0), [-1000, 0, 1000]);
        assert_eq!(times(60_000), [-600_000, 0, 12_000, 60_000, 600_000]);
    }
}
