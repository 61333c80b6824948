//! Rewrites: switches, and what must be left alone.

mod common;

use common::{at, plan, range};
use promqlite_model::Pos;
use promqlite_plan::{NodeKind, PASSES, Plan, QueryParams, Rewrites, rewrite};

/// Plans with a single pass.
fn with(pass: &str, query: &str, params: &QueryParams) -> Plan {
    let mut plan = plan(query, params);
    rewrite(&mut plan, Rewrites::NONE.with(pass).expect("a pass"));
    plan
}

#[test]
fn passes_have_names_of_their_own_and_can_be_switched() {
    for (i, pass) in PASSES.iter().enumerate() {
        assert!(PASSES[..i].iter().all(|other| other.name != pass.name));
        assert!(pass.summary.ends_with('.'));
        let names = |set: Rewrites| set.passes().map(|pass| pass.name).collect::<Vec<_>>();
        assert_eq!(names(Rewrites::NONE.with(pass.name).expect("a pass")), [pass.name]);
        assert!(!names(Rewrites::ALL.without(pass.name).expect("a pass")).contains(&pass.name));
    }
    assert_eq!(Rewrites::NONE.with("nonsense"), None);
    assert_eq!(Rewrites::ALL.passes().count(), PASSES.len());
    assert_eq!(Rewrites::NONE.passes().count(), 0);
}

#[test]
fn constants_are_folded() {
    let value = |query: &str| match with("fold-constants", query, &at(0)).root.kind {
        NodeKind::Number(value) => value,
        other => panic!("{query}: {other:?}"),
    };
    for (query, expected) in [
        ("1 + 2 * 3", 7.0),
        ("-(2) ^ 2", -4.0),
        ("2 > bool 1", 1.0),
        ("max_of(1, 2) + pi() * 0", 2.0),
        ("7 % -3", 1.0),
    ] {
        assert_eq!(value(query), expected, "{query}");
    }
    assert!(value("0 / 0").is_nan());
    // It fails when it runs, so it stays.
    assert!(matches!(with("fold-constants", "1 </ 2", &at(0)).root.kind, NodeKind::Binary { .. }));
}

#[test]
fn near_selectors_are_merged() {
    let selectors = |query: &str| with("merge-selectors", query, &range(0, 3600, 60)).selectors.len();
    assert_eq!(selectors("foo / foo"), 1);
    assert_eq!(selectors("foo{a=\"1\",b=\"2\"} / foo{b=\"2\",a=\"1\"}"), 1);
    assert_eq!(selectors("foo / foo offset 1h"), 1);
    assert_eq!(selectors("rate(foo[5m]) / foo"), 1);
    assert_eq!(selectors("foo / foo offset 30d"), 2);
    assert_eq!(selectors("foo / bar"), 2);
    let merged = with("merge-selectors", "foo offset 1h + rate(foo[10m])", &range(7200, 10_800, 60));
    assert_eq!(merged.selectors[0].range.start.0, 3_300_001);
    assert_eq!(merged.selectors[0].range.end.0, 10_800_000);
    assert_eq!(merged.selectors[0].window.0, 600_000);
}

/// Merged and shared.
fn shared(query: &str, params: &QueryParams) -> Plan {
    let mut plan = plan(query, params);
    let passes = Rewrites::NONE.with("merge-selectors").and_then(|set| set.with("share-subtrees"));
    rewrite(&mut plan, passes.expect("passes"));
    plan
}

#[test]
fn equal_subtrees_are_shared() {
    let params = range(0, 3600, 60);
    let count = |query: &str| shared(query, &params).shared.len();
    assert_eq!(count("sum(foo) / sum(foo)"), 1);
    assert_eq!(count("rate(foo[5m]) > 1 and rate(foo[5m]) < 2"), 1);
    assert_eq!(count("abs(foo) or abs(foo) or abs(bar)"), 1);
    // The inner one is used elsewhere too.
    assert_eq!(count("ceil(abs(foo)) or ceil(abs(foo)) or abs(foo)"), 2);
    // Inside a shared subtree, what occurs once there is not shared on its own.
    assert_eq!(count("ceil(abs(foo)) or ceil(abs(foo))"), 1);
    // Nothing is read, or nothing is saved.
    assert_eq!(count("(time() - 1) * (time() - 1)"), 0);
    assert_eq!(count("foo / foo"), 0);
    // An aggregation takes them series by series.
    assert_eq!(count("sum(abs(foo)) / count(abs(foo))"), 0);
    assert_eq!(count("group(abs(count by (a) (foo))) / count(abs(count by (a) (foo)))"), 1);
    // What is added are floats, so that only the sums may remark on histograms.
    assert_eq!(count("histogram_count(sum(rate(foo[5m]))) + histogram_sum(sum(rate(foo[5m])))"), 1);
    assert_eq!(count("sum(rate(foo[5m])) + sum(rate(foo[5m]))"), 0);
    // Another place in time.
    assert_eq!(count("abs(foo) - abs(foo offset 1m)"), 0);
    assert_eq!(count("max_over_time(abs(foo)[5m:]) - abs(foo)"), 0);
}

#[test]
fn remarks_keep_their_counts_and_positions() {
    let params = range(0, 3600, 60);
    let count = |query: &str| shared(query, &params).shared.len();
    // Another operation may make the same remark in between.
    assert_eq!(count("rate(foo[5m]) or rate(foo[1m]) or rate(foo[5m])"), 0);
    // How often a bucket was repaired is counted.
    assert_eq!(count("histogram_quantile(0.9, foo) + histogram_quantile(0.9, foo)"), 0);
    let query = "rate(foo[5m]) or rate(foo[5m])";
    let plan = shared(query, &params);
    let NodeKind::RangeFunction { positions, .. } = &plan.shared[0].kind else { panic!("{plan}") };
    assert_eq!(positions[..], [Pos(22)]);
}

#[test]
fn shared_subtrees_refer_to_earlier_ones() {
    let query =
        "ceil(abs(foo)) or ceil(abs(foo)) or abs(foo) or floor(ceil(abs(foo))) or floor(ceil(abs(foo)))";
    let plan = shared(query, &at(0));
    assert!(plan.shared.len() >= 2, "{plan}");
    for (id, node) in plan.shared.iter().enumerate() {
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            if let NodeKind::Shared(other) = node.kind {
                assert!(other < id, "{plan}");
            }
            stack.extend(node.children());
        }
    }
}

#[test]
fn labels_are_asked_for_below_by() {
    let labels = |query: &str| {
        let plan = with("needed-labels", query, &at(0));
        plan.selectors[0].needed_labels.as_ref().map(|labels| labels.join(" "))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(labels("sum by (b, a) (foo)"), some("__name__ __type__ __unit__ a b"));
    assert_eq!(labels("sum(rate(foo[5m]) * 2)"), some("__name__ __type__ __unit__"));
    assert_eq!(labels("sum by (a) (topk by (b) (1, foo))"), some("__name__ __type__ __unit__ a b"));
    assert_eq!(labels("sum(max_over_time(rate(foo[5m])[1h:]))"), some("__name__ __type__ __unit__"));
    for query in [
        "foo",
        "sum without (a) (foo)",
        "sum(foo + bar)",
        "sum(-foo)",
        "sum({a=\"b\"})",
        "sum(label_replace(foo, \"a\", \"b\", \"c\", \"d\"))",
        "sum(limit_ratio(0.5, foo))",
        "topk(1, foo)",
        "sum(histogram_quantile(0.9, foo))",
        "sum(absent(foo))",
    ] {
        assert_eq!(labels(query), None, "{query}");
    }
    let mut both = plan("sum(foo) + on() group_left foo", &at(0));
    rewrite(&mut both, Rewrites::ALL);
    assert_eq!(both.selectors.len(), 1);
    assert_eq!(both.selectors[0].needed_labels, None);
}

#[test]
fn matchers_cross_set_operators_only() {
    let matchers = |query: &str| -> Vec<String> {
        let plan = with("propagate-matchers", query, &at(0));
        let text = |spec: &promqlite_plan::SelectorSpec| {
            spec.matchers.iter().skip(1).map(ToString::to_string).collect::<Vec<_>>().join(",")
        };
        plan.selectors.iter().map(text).collect()
    };
    // The first matcher is the name, which the tests write first.
    let named = |text: &str| text.replace("foo{", "{__name__=\"foo\",").replace("bar{", "{__name__=\"bar\",");
    for (query, expected) in [
        ("foo{a=\"1\"} and bar{b=\"2\"}", ["a=\"1\",b=\"2\"", "b=\"2\",a=\"1\""]),
        ("foo{a=\"1\"} unless bar{b=\"2\"}", ["a=\"1\"", "b=\"2\",a=\"1\""]),
        ("foo{a=\"1\"} or bar{b=\"2\"}", ["a=\"1\"", "b=\"2\""]),
        ("foo{a=\"1\"} + bar{b=\"2\"}", ["a=\"1\"", "b=\"2\""]),
        ("foo{a=\"1\"} and on(b) bar{b=\"2\"}", ["a=\"1\",b=\"2\"", "b=\"2\""]),
        ("foo{a=\"1\"} and ignoring(a) bar{b=\"2\"}", ["a=\"1\",b=\"2\"", "b=\"2\""]),
        ("rate(foo{a=\"1\"}[5m]) and bar{b=\"2\"}", ["a=\"1\"", "b=\"2\",a=\"1\""]),
        ("sum by (a) (foo{a=\"1\",c=\"3\"}) and bar{b=\"2\"}", ["a=\"1\",c=\"3\"", "b=\"2\",a=\"1\""]),
    ] {
        assert_eq!(matchers(&named(query)), expected, "{query}");
    }
}
