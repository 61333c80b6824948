//! What each rule finds, and what it leaves alone.

mod common;

use common::shop;
use promqlite::{Features, MemStore};
use promqlite_lint::{CODES, lint};

/// A query, and the names of what is found in it.
const CASES: &[(&str, &[&str])] = &[
    // The queries that people live on.
    ("sum by (status) (rate(http_requests_total[5m]))", &[]),
    (r#"sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) * 100"#, &[]),
    ("histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", &[]),
    ("queue_depth > 5", &[]),
    ("up == 0", &[]),
    ("absent(up{job=\"shop\"})", &[]),
    // Counters.
    ("http_requests_total", &["counter-without-rate"]),
    ("sum(http_requests_total)", &["counter-without-rate"]),
    ("processed * 2", &["counter-without-rate"]),
    ("count(http_requests_total)", &[]),
    ("queue_depth and on (job) http_requests_total", &[]),
    ("timestamp(http_requests_total)", &[]),
    ("max_over_time(queue_depth[5m])", &[]),
    ("rate(queue_depth[5m])", &["rate-of-gauge"]),
    ("increase(memory_free_bytes[5m])", &["rate-of-gauge"]),
    ("delta(http_requests_total[5m])", &["delta-of-counter"]),
    ("deriv(processed[5m])", &["delta-of-counter"]),
    ("deriv(queue_depth[5m])", &[]),
    ("rate(sum(http_requests_total)[5m:15s])", &["rate-after-aggregation"]),
    ("max_over_time(sum(rate(http_requests_total[5m]))[10m:1m])", &[]),
    ("rate(http_requests_total[20s])", &["range-too-short"]),
    ("rate(http_requests_total[30s])", &[]),
    ("sum_over_time(queue_depth[20s])", &[]),
    // Quantiles.
    (
        "histogram_quantile(0.9, sum by (job) (rate(http_request_duration_seconds_bucket[5m])))",
        &["quantile-without-le"],
    ),
    (
        "histogram_quantile(0.9, sum without (le) (rate(http_request_duration_seconds_bucket[5m])))",
        &["quantile-without-le"],
    ),
    ("histogram_quantile(0.9, sum without (job) (rate(http_request_duration_seconds_bucket[5m])))", &[]),
    ("histogram_quantile(0.9, http_request_duration_seconds_bucket)", &["quantile-without-rate"]),
    ("avg(rpc_duration_seconds{quantile=\"0.99\"})", &["aggregated-quantiles"]),
    ("max(rpc_duration_seconds{quantile=\"0.99\"})", &[]),
    // Matchers.
    (r#"up{job=~"shop"}"#, &["regex-without-pattern"]),
    (r#"up{job!~"other"}"#, &["regex-without-pattern"]),
    (r#"up{job=~"shop|node"}"#, &[]),
    (r#"up{job=~".*"}"#, &["regex-matches-all"]),
    ("upp", &["unknown-metric"]),
    ("up{jobs=\"shop\"}", &["unknown-label"]),
    ("up{job=\"shpo\"}", &["unknown-value"]),
    ("up{job!=\"shpo\"}", &[]),
    ("up{nothing=\"\"}", &[]),
    ("absent(up{job=\"shpo\"})", &[]),
    ("absent_over_time(upp[5m])", &[]),
    ("absent(up{job=~\"shop\"})", &["regex-without-pattern"]),
    // Operands.
    ("sum by (job) (up) / on (instance) sum by (instance) (up)", &["join-without-label"]),
    ("sum by (instance) (up) / on (instance) sum by (instance) (up)", &[]),
    ("up * on (job) group_left (version) sum by (job) (build_info)", &["join-without-label"]),
    ("up * on (job) group_left (version) build_info", &[]),
    ("memory_free_bytes > rpc_duration_seconds", &["unit-mismatch"]),
    ("memory_free_bytes / rpc_duration_seconds", &[]),
    ("disk_used_ratio > 80", &["unit-mismatch"]),
    ("disk_used_ratio > 0.8", &[]),
    ("time() - timestamp(up) > 60", &[]),
];

#[test]
fn each_rule_finds_what_it_should() {
    let store = shop();
    for (query, want) in CASES {
        let findings = lint(query, Features::SERVER_DEFAULT, &store).expect("parses");
        let mut names: Vec<&str> = findings.iter().map(|f| f.code.name).collect();
        let mut want = want.to_vec();
        names.sort_unstable();
        want.sort_unstable();
        assert_eq!(names, want, "{query}: {findings:#?}");
    }
}

#[test]
fn every_code_is_found_by_a_case() {
    for code in CODES {
        assert!(CASES.iter().any(|(_, found)| found.contains(&code.name)), "{}", code.name);
        assert!(code.summary.ends_with('.'));
    }
    assert!(CODES.is_sorted_by_key(|code| code.name));
}

#[test]
fn findings_say_what_and_what_to_do() {
    let store = shop();
    let mut text = String::new();
    for (query, _) in CASES {
        for finding in lint(query, Features::SERVER_DEFAULT, &store).expect("parses") {
            text += &format!(
                "{query}\n  {} {}: {}\n  at {}\n  help: {}\n",
                finding.code.severity.as_str(),
                finding.code.name,
                finding.message,
                finding.span.slice(query),
                finding.help
            );
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn without_data_only_the_text_is_judged() {
    let store = MemStore::new();
    let names = |query| -> Vec<&str> {
        let findings = lint(query, Features::SERVER_DEFAULT, &store).expect("parses");
        findings.iter().map(|f| f.code.name).collect()
    };
    assert_eq!(names("anything{job=\"x\"}"), Vec::<&str>::new());
    assert_eq!(names("sum(requests_total)"), ["counter-without-rate"]);
    assert!(lint("sum(", Features::SERVER_DEFAULT, &store).is_err());
}
