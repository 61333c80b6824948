//! Why an answer is empty.

mod common;

use common::{END, shop};
use promqlite::{Cancel, Engine, MemStore, Millis, Timestamp};
use promqlite_lint::{Times, why_empty};

const QUERIES: &[&str] = &[
    "http_request_total",
    "sum(rate(http_requests_total{status=\"503\"}[5m]))",
    "up{instanc=\"a:80\"}",
    "up{job=\"shop\", instance=\"b:80\"}",
    "http_requests_total{status=\"500\", instance=\"a:80\", job=\"node\"}",
    "rate(http_requests_total[20s])",
    "queue_depth > 100",
    "queue_depth > on (job) processed",
    "up * on (instance) build_info",
    "up * build_info",
    "sum by (job) (up) and sum by (job) (memory_free_bytes)",
    "topk(0, up)",
    "nothing or nothing_else",
    "up offset 1d",
    "http_requests_total{status=\"200\"} unless http_requests_total",
];

fn told(times: Times, query: &str) -> String {
    let store = shop();
    let mut text = format!("{query}\n");
    for reason in why_empty(&Engine::default(), &store, query, times, &Cancel::new()) {
        text += &format!("  {}: {}\n", reason.span.slice(query), reason.message);
        text += &reason.help.map_or(String::new(), |help| format!("    help: {help}\n"));
    }
    text
}

#[test]
fn each_reason_is_found() {
    let at = Times::At(Timestamp(END));
    let text: String = QUERIES.iter().map(|query| told(at, query)).collect();
    insta::assert_snapshot!(text);
}

#[test]
fn a_time_without_data_is_told() {
    let (start, end) = (Timestamp(END + 3_600_000), Timestamp(END + 7_200_000));
    let text = told(Times::Over { start, end, step: Millis(60_000) }, "sum(up)")
        + &told(Times::At(Timestamp(-1)), "rate(http_requests_total[5m])");
    insta::assert_snapshot!(text);
}

#[test]
fn a_store_without_data_is_told() {
    let reasons =
        why_empty(&Engine::default(), &MemStore::new(), "sum(up)", Times::At(Timestamp(0)), &Cancel::new());
    assert_eq!(reasons[0].message, "the data is empty");
    assert!(
        why_empty(&Engine::default(), &MemStore::new(), "sum(", Times::At(Timestamp(0)), &Cancel::new())
            .is_empty()
    );
}
