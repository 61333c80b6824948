//! Lowering: errors, and the times at which data is looked at.

mod common;

use common::{at, plan, range, try_plan};
use promqlite_model::{Millis, Pos, TimeRange, Timestamp};
use promqlite_plan::{LowerErrorKind, Node, NodeKind, QueryParams, RangeInput, TimeMap};

fn error(query: &str, params: &QueryParams) -> (LowerErrorKind, String) {
    let error = try_plan(query, params).expect_err(query);
    (error.kind(), error.to_string())
}

#[test]
fn range_queries_take_scalars_and_vectors_only() {
    let params = range(0, 60, 10);
    for (query, ty) in [("foo[5m]", "range vector"), ("foo[5m:]", "range vector"), ("\"a\"", "string")] {
        let text =
            format!("invalid expression type \"{ty}\" for range query, must be Scalar or instant Vector");
        assert_eq!(error(query, &params), (LowerErrorKind::BadData, text));
        plan(query, &at(0));
    }
    let (kind, text) = error("foo", &range(0, 60, 0));
    assert_eq!(kind, LowerErrorKind::BadData);
    assert!(text.contains("at least 1ms"), "{text}");
}

#[test]
fn modifiers_can_be_switched_off() {
    let no_at = QueryParams { enable_at: false, ..at(0) };
    let no_negative = QueryParams { enable_negative_offset: false, ..range(0, 60, 10) };
    for query in ["foo @ 5", "a or rate(foo[5m:] @ end())", "rate(foo[5m] @ 1)", "foo @ 5 offset -5s"] {
        assert_eq!(error(query, &no_at), (LowerErrorKind::BadData, "@ modifier is disabled".into()));
    }
    for query in ["foo offset -5s", "rate(foo[5m] offset -1s)", "foo offset (-step())"] {
        let text = "negative offset is disabled".into();
        assert_eq!(error(query, &no_negative), (LowerErrorKind::BadData, text));
    }
    plan("foo offset 5s", &no_negative);
}

#[test]
fn duration_expressions_fail_at_their_bytes() {
    for (query, params, text) in [
        ("foo[step()]", at(0), "4:10: duration must be greater than 0"),
        ("foo[range()]", range(0, 0, 10), "4:11: duration must be greater than 0"),
        ("foo[5m:(step()-step())]", at(0), "8:21: duration must be greater than 0"),
        ("foo offset (1/step())", at(0), "12:20: division by zero"),
        ("foo offset (1%step())", at(0), "12:20: modulo by zero"),
        ("foo[step()^9999]", range(0, 60, 10), "4:15: duration is NaN or infinite"),
        ("foo[step()^50]", range(0, 60, 10), "4:13: duration is out of range"),
    ] {
        let query = if params.step.is_some() { format!("max_over_time({query})") } else { query.to_owned() };
        let shift = if params.step.is_some() { "max_over_time(".len() } else { 0 };
        let (place, reason) = text.rsplit_once(": ").expect("a place");
        let place: Vec<String> =
            place.split(':').map(|n| (n.parse::<usize>().expect("an offset") + shift).to_string()).collect();
        assert_eq!(
            error(&query, &params),
            (LowerErrorKind::BadData, format!("{}: {reason}", place.join(":")))
        );
    }
}

#[test]
fn extended_windows_are_for_some_functions() {
    for (query, text) in [
        (
            "deriv(foo[3m] smoothed)",
            "smoothed modifier can only be used with: delta, increase, rate - not with deriv",
        ),
        (
            "absent_over_time(foo[3m] anchored)",
            "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with absent_over_time",
        ),
    ] {
        assert_eq!(error(query, &at(0)), (LowerErrorKind::Execution, text.into()));
    }
    plan("resets(foo[3m] anchored)", &at(0));
    plan("rate(foo[3m] smoothed)", &at(0));
    plan("foo[3m] smoothed", &at(0));
    // An error of creation wins, wherever it stands.
    let (kind, _) = error("deriv(foo[3m] smoothed) + foo offset (1/step())", &at(0));
    assert_eq!(kind, LowerErrorKind::BadData);
}

/// The first node below `node`, or it itself, for which `f` has an answer.
fn find<'a, T>(node: &'a Node, f: &impl Fn(&'a Node) -> Option<T>) -> Option<T> {
    f(node).or_else(|| node.children().into_iter().find_map(|child| find(child, f)))
}

/// Where the first selector, window or subquery of a query looks.
fn times(query: &str, params: &QueryParams) -> (i64, i64) {
    let plan = plan(query, params);
    let map: TimeMap = find(&plan.root, &|node| match &node.kind {
        NodeKind::Select { at, .. } => Some(*at),
        NodeKind::Range(RangeInput::Selector { ends, .. } | RangeInput::Subquery { ends, .. }) => Some(*ends),
        NodeKind::RangeFunction { input, .. } => Some(match &**input {
            RangeInput::Selector { ends, .. } | RangeInput::Subquery { ends, .. } => *ends,
        }),
        _ => None,
    })
    .expect("a selector");
    (map.first.0, map.step.0)
}

#[test]
fn offset_and_at_move_the_times() {
    let params = range(300, 500, 10);
    for (query, expected) in [
        ("foo", (300_000, 10_000)),
        ("foo offset 50s", (250_000, 10_000)),
        ("foo offset -50s", (350_000, 10_000)),
        ("foo offset (step()*2)", (280_000, 10_000)),
        ("foo offset range()", (100_000, 10_000)),
        ("foo offset (1.0019)", (298_999, 10_000)),
        ("timestamp(foo @ 1.5 offset 1s)", (1_500, 0)),
        ("foo @ 1.5 offset 1s", (500, 0)),
        ("foo @ start()", (300_000, 0)),
        ("foo @ end()", (500_000, 0)),
        ("rate(foo[5m] @ end() offset 1m)", (440_000, 0)),
        ("rate(foo[5m:] @ end() offset 1m)", (440_000, 0)),
        ("rate(foo[5m:] offset 1m)", (240_000, 10_000)),
    ] {
        let query = if query.starts_with("foo @") { format!("{query} + time()") } else { query.to_owned() };
        assert_eq!(times(&query, &params), expected, "{query}");
    }
}

#[test]
fn parameters_of_aggregations_drift() {
    let params = range(300, 500, 10);
    let param = |query: &str| {
        let plan = plan(query, &params);
        let NodeKind::Aggregate { param: Some(param), .. } = &plan.root.kind else { panic!("{plan}") };
        find(param, &|node| match &node.kind {
            NodeKind::Select { at, .. } => Some((at.first.0, at.step.0)),
            _ => None,
        })
    };
    assert_eq!(param("topk(scalar(foo @ start()), bar)"), Some((300_000, 10_000)));
    assert_eq!(param("topk(scalar(foo @ end()), bar)"), Some((300_000, 10_000)));
    assert_eq!(param("topk(scalar(foo @ 100), bar)"), Some((100_000, 10_000)));
    assert_eq!(param("topk(scalar(timestamp(foo @ 100 offset 5s)), bar)"), Some((100_000, 0)));
}

#[test]
fn needed_ranges_are_left_open() {
    let range_of = |query: &str, params: &QueryParams| plan(query, params).selectors[0].range;
    let ms = TimeRange::new;
    assert_eq!(range_of("sum by (a)(rate(foo[2m] offset 1m))", &range(300, 500, 1)), ms(120_001, 440_000));
    let five = QueryParams { lookback: Millis(5_000), ..at(10) };
    assert_eq!(range_of("sum by (a)(foo)", &five), ms(5_001, 10_000));
    assert_eq!(range_of("foo smoothed", &five), ms(5_001, 15_000));
    assert_eq!(range_of("foo[2s] anchored", &five), ms(3_001, 10_000));
    assert_eq!(range_of("foo[2s] smoothed", &five), ms(3_001, 15_000));
    assert_eq!(
        range_of("foo[30s:10s]", &QueryParams { lookback: Millis(5_000), ..at(1003) }),
        ms(975_001, 1_000_000)
    );
    assert_eq!(range_of("foo @ 3", &five), ms(-1_999, 3_000));
    let odd = QueryParams::range(Timestamp(0), Timestamp(10_500), Millis(4_000));
    assert_eq!(range_of("foo", &odd).end, Timestamp(8_000));
}

#[test]
fn facts_of_the_query_become_numbers() {
    let number = |query: &str, params: &QueryParams| match plan(query, params).root.kind {
        NodeKind::Number(value) => value,
        other => panic!("{query}: {other:?}"),
    };
    let params = range(5, 35, 10);
    for (query, in_range, in_instant) in
        [("start()", 5.0, 5.0), ("end()", 35.0, 5.0), ("range()", 30.0, 0.0), ("step()", 10.0, 0.0)]
    {
        assert_eq!(number(query, &params), in_range, "{query}");
        assert_eq!(number(query, &at(5)), in_instant, "{query}");
    }
    assert_eq!(number("step()", &range(5, 5, 10)), 0.0);
    // In durations it is the step even then.
    let plan = plan("rate(foo[step()])", &range(5, 5, 10));
    assert_eq!(plan.selectors[0].window, Millis(10_000));
}

#[test]
fn positions_are_those_of_arguments() {
    let positions = |query: &str| {
        let plan = plan(query, &at(0));
        find(&plan.root, &|node| match &node.kind {
            NodeKind::RangeFunction { positions, .. } => Some(positions.clone()),
            _ => None,
        })
        .expect("a range function")
    };
    assert_eq!(positions("rate(foo[5m])"), [Pos(5)]);
    assert_eq!(positions("rate(((foo[5m])))"), [Pos(7)]);
    assert_eq!(positions("quantile_over_time((0.5), foo[5m])"), [Pos(20), Pos(26)]);
    assert_eq!(positions("1 + rate(foo[5m:1m])"), [Pos(0)]);
    let pos = |query: &str| plan(query, &at(0)).root.children()[0].pos;
    assert_eq!(pos("sum((foo))"), Pos(5));
    assert_eq!(pos("sum(+foo)"), Pos(4));
    assert_eq!(plan("(foo) + bar", &at(0)).root.pos, Pos(0));
    assert_eq!(plan("((foo) + bar)", &at(0)).root.pos, Pos(1));
}

#[test]
fn extreme_times_do_not_overflow() {
    for time in [i64::MIN, i64::MAX, i64::MIN + 1, 0] {
        let params = QueryParams::instant(Timestamp(time));
        for query in [
            "foo offset 292y",
            "foo offset -292y",
            "rate(foo[292y] offset 292y)",
            "rate(foo[292y:1ms] offset -292y)",
            "rate(rate(foo[292y:1ms])[292y:1ms])",
            "rate(foo[292y] smoothed)",
            "info(foo offset 292y)",
        ] {
            assert!(!plan(query, &params).to_string().is_empty());
        }
    }
    let params = QueryParams::range(Timestamp(i64::MIN), Timestamp(i64::MAX), Millis(1));
    assert!(!plan("rate(foo[5m:1s] offset -1d) / start()", &params).to_string().is_empty());
}

#[test]
fn buckets_are_left_out_where_only_totals_matter() {
    for (query, totals_only) in [
        ("foo", &[false][..]),
        ("histogram_count(foo)", &[true]),
        ("histogram_sum(sum(rate(foo[5m])))", &[true]),
        ("histogram_avg(foo) + bar", &[true, false]),
        ("histogram_stddev(foo)", &[false]),
        ("histogram_count(foo </ 2)", &[false]),
        ("histogram_count(max_over_time(foo[5m:1m]))", &[false]),
        ("max_over_time(histogram_count(foo)[5m:1m])", &[false]),
        ("histogram_quantile(0.5, foo unless histogram_count(foo) == 0)", &[false, false]),
    ] {
        let plan = plan(query, &at(0));
        let got: Vec<bool> = plan.selectors.iter().map(|spec| spec.totals_only.is_some()).collect();
        assert_eq!(got, totals_only, "{query}");
    }
}
