//! Plans as text.

mod common;

use std::fmt::Write;

use common::{at, plan, range};
use promqlite_plan::{QueryParams, Rewrites, explain};

fn explained(params: &QueryParams, rewrites: Rewrites, queries: &[&str]) -> String {
    let mut out = String::new();
    for query in queries {
        let mut plan = plan(query, params);
        let _ = writeln!(out, ">> {query}\n{}", explain(&mut plan, rewrites));
    }
    out
}

#[test]
fn lowered_range_queries() {
    let queries = [
        "1",
        "time() + start()",
        "foo{a=\"b\"}",
        "sum by (job, \"x y\") (rate(foo[5m] offset 1m))",
        "topk without (a) (5, foo)",
        "count_values(\"v\\xff\", foo)",
        "foo == bool on (a) group_left (b, c) bar",
        "foo + ignoring (a) fill_left (1) fill_right (2) bar",
        "-foo > 5",
        "foo smoothed",
        "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")",
        "histogram_quantile(0.9, sum by (le) (rate(b[5m])))",
        "timestamp(foo) - start_timestamp(foo)",
        "absent(foo{a=\"b\"})",
        "hour()",
    ];
    insta::assert_snapshot!(explained(&range(1000, 2000, 10), Rewrites::NONE, &queries));
}

#[test]
fn modifiers_and_subqueries() {
    let queries = [
        "foo @ 1500",
        "foo - foo @ end()",
        "rate(foo[5m] @ 1500) + foo",
        "quantile_over_time(scalar(foo), bar[5m] @ 1500)",
        "sum(max_over_time(rate(foo[5m])[1h:30s] offset 1m))",
        "max_over_time((foo @ 10)[1h:])",
        "max_over_time(foo[1h:] @ 500)",
        "rate(foo[1m] anchored)",
        "info(rate(foo[5m] offset 1m), {__name__!=\"x\",a=~\".+\"})",
        "predict_linear(foo[5m] @ 1500, 60)",
    ];
    insta::assert_snapshot!(explained(&range(1000, 2000, 10), Rewrites::NONE, &queries));
}

#[test]
fn instant_queries() {
    let queries =
        ["foo", "foo @ 500 offset 1s500ms", "foo[5m]", "foo[5m:10s] offset 1m", "\"text\"", "foo[5s:1m]"];
    insta::assert_snapshot!(explained(&at(1000), Rewrites::NONE, &queries));
}

#[test]
fn rewritten_queries() {
    let queries = [
        "foo * (60 * 60)",
        "sum by (job) (rate(err_total[5m])) / sum by (job) (rate(err_total[5m]))",
        "up{job=\"a\"} and on (job, instance) down",
        "sum(rate(foo[5m])) / count(foo)",
    ];
    insta::assert_snapshot!(explained(&range(1000, 2000, 10), Rewrites::ALL, &queries));
}
