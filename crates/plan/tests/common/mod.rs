//! What the tests of this crate share.
#![allow(dead_code, reason = "each test program uses its own part")]

use promqlite_model::{Millis, Timestamp};
use promqlite_plan::{LowerError, Plan, QueryParams, lower, parse};
use promqlite_syntax::Features;

/// An instant query at `s` seconds.
pub(crate) fn at(s: i64) -> QueryParams {
    QueryParams::instant(Timestamp(s * 1000))
}

/// A range query; all times in seconds.
pub(crate) fn range(start: i64, end: i64, step: i64) -> QueryParams {
    QueryParams::range(Timestamp(start * 1000), Timestamp(end * 1000), Millis(step * 1000))
}

/// Plans a query that must be right as far as its text goes.
pub(crate) fn try_plan(query: &str, params: &QueryParams) -> Result<Plan, LowerError> {
    let expr = parse(query, Features::ALL).unwrap_or_else(|error| panic!("{query}: {}", error.render(query)));
    lower(&expr, params)
}

/// Plans a query that must be right.
pub(crate) fn plan(query: &str, params: &QueryParams) -> Plan {
    try_plan(query, params).unwrap_or_else(|error| panic!("{query}: {error}"))
}
