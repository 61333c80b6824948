//! Queries that are meant to do harm end in a typed error, and in little more memory than they may use.
//!
//! The allocator counts all that is on the heap, so this binary runs one test alone. The stores are made before,
//! and are no part of what is measured.

mod stores;

use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use promqlite::{Engine, EngineOptions, ExecError, Features, Millis, Query, QueryError, Storage, Timestamp};
use stores::{Fleet, NOW, mixed};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What a query may use.
const BUDGET: usize = if cfg!(debug_assertions) { 20 << 20 } else { 64 << 20 };
/// Series of the fleet: `HOSTILE_SERIES`, else few enough for an unoptimised build.
const SERIES: usize = if cfg!(debug_assertions) { 300_000 } else { 1_000_000 };
/// No query of these may take this long, on any machine.
const WATCHDOG: Duration = Duration::from_secs(110);

/// Errors by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Answer,
    Parse,
    Plan,
    Bytes,
    Samples,
    Series,
    Steps,
    SubqueryPoints,
    Timeout,
    Evaluation,
    Other,
}

fn kind(error: &QueryError) -> Kind {
    match error {
        QueryError::Parse { .. } => Kind::Parse,
        QueryError::Plan(_) => Kind::Plan,
        QueryError::Exec(error) => match error {
            ExecError::TooManyBytes { .. } => Kind::Bytes,
            ExecError::TooManySamples => Kind::Samples,
            ExecError::TooManySeries { .. } => Kind::Series,
            ExecError::TooManySteps { .. } => Kind::Steps,
            ExecError::TooManySubqueryPoints { .. } => Kind::SubqueryPoints,
            ExecError::Timeout(_) => Kind::Timeout,
            ExecError::Evaluation(_) => Kind::Evaluation,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

/// A query and the error that it has to end in.
struct Case {
    store: Which,
    query: Query,
    expected: Kind,
}

#[derive(Clone, Copy)]
enum Which {
    Fleet,
    Mixed,
}

use Which::{Fleet as F, Mixed as M};

/// One instant.
fn at(store: Which, expected: Kind, text: impl Into<String>) -> Case {
    Case { store, query: Query::instant(text, NOW), expected }
}

/// Steps over the last hour.
fn hour(store: Which, expected: Kind, step_ms: i64, text: impl Into<String>) -> Case {
    over(store, expected, 3_600_000, step_ms, text)
}

fn over(store: Which, expected: Kind, length_ms: i64, step_ms: i64, text: impl Into<String>) -> Case {
    let query = Query::range(text, Timestamp(NOW.0 - length_ms), NOW, Millis(step_ms));
    Case { store, query, expected }
}

fn nested(levels: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

/// `count` things in a row.
fn list(count: usize, separator: &str, thing: impl Fn(usize) -> String) -> String {
    (0..count).map(thing).collect::<Vec<_>>().join(separator)
}

/// A tree of `or` with 2^levels leaves, as shallow as it can be.
fn balanced(levels: usize) -> String {
    if levels == 0 {
        return "wide".into();
    }
    let half = balanced(levels - 1);
    format!("({half} or {half})")
}

fn series_cases() -> Vec<Case> {
    use Kind::{Bytes, Evaluation, Samples};
    vec![
        at(F, Bytes, "count_values(\"v\", fleet)"),
        at(F, Bytes, "count_values without (i) (\"v\", fleet * 3)"),
        hour(M, Bytes, 1000, "count_values(\"v\", wide * time())"),
        at(F, Evaluation, "fleet * on (half) fleet"),
        at(F, Bytes, "fleet + on (i) group_left (half) fleet"),
        at(F, Bytes, "fleet + on (i) fill (0) fleet"),
        at(F, Bytes, "fleet or on (i) (fleet + 1)"),
        at(F, Bytes, "fleet and fleet and on (i) fleet"),
        at(F, Bytes, "fleet unless on () (fleet > 1e9)"),
        at(F, Bytes, "-fleet"),
        at(F, Bytes, "sort_desc(fleet * 2)"),
        at(F, Bytes, "sort_by_label(fleet, \"half\", \"i\")"),
        at(F, Bytes, "topk(1e18, fleet)"),
        hour(F, Bytes, 60_000, "bottomk(1e18, fleet)"),
        hour(F, Bytes, 60_000, "limitk(1e18, fleet)"),
        at(F, Bytes, "limit_ratio(0.9, fleet * 2)"),
        hour(F, Bytes, 60_000, "quantile(0.9, fleet)"),
        hour(F, Bytes, 10_000, "stddev by (i) (fleet)"),
        at(F, Bytes, "sum by (i, half) (fleet)"),
        at(F, Bytes, "label_replace(fleet, \"x\", \"$1$1$1$1$1$1$1$1\", \"i\", \"(.*)\")"),
        at(F, Bytes, "label_join(fleet, \"x\", \"-\", \"i\", \"half\", \"i\", \"__name__\")"),
        at(F, Bytes, "histogram_quantile(0.9, label_replace(fleet, \"le\", \"x$1\", \"i\", \"(.*)\"))"),
        at(
            F,
            Bytes,
            "histogram_quantiles(label_replace(fleet, \"le\", \"$1\", \"i\", \"(.*)\"), \"q\", 0.1, 0.2, 0.3)",
        ),
        at(F, Samples, "fleet[4h]"),
        hour(F, Bytes, 1000, "fleet"),
        at(F, Bytes, "info(fleet)"),
        hour(M, Bytes, 500, "info(wide)"),
        hour(M, Bytes, 200, "wide or on (instance) target_info"),
        hour(
            M,
            Bytes,
            200,
            "sort_by_label(wide + on (instance) group_left (version) target_info, \"version\")",
        ),
    ]
}

fn time_cases() -> Vec<Case> {
    use Kind::{Bytes, Steps, SubqueryPoints, Timeout};
    let slow = |text: &str| {
        let mut case = over(M, Timeout, 4 * 3_600_000, 2_000, text);
        case.query = case.query.with_timeout(Duration::from_millis(500));
        case
    };
    vec![
        at(M, SubqueryPoints, "max_over_time(wide[1h:1ms])"),
        at(M, Steps, "max_over_time(vector(1)[1y:1ms])"),
        at(M, Bytes, "sum_over_time(vector(1)[5h:1ms])"),
        at(M, SubqueryPoints, "rate(wide[1h:100ms])"),
        at(M, Bytes, "max_over_time(max_over_time(vector(time())[1h:1ms])[1h:1s])"),
        over(M, Steps, 10 * 365 * 86_400_000, 1, "up"),
        over(M, Bytes, 4 * 3_600_000, 1, "time()"),
        over(M, Bytes, 1_000_000, 1, nested(400, "1 + (", "time()", ")")),
        over(M, Bytes, 4 * 3_600_000, 1, "absent_over_time(nothing[1d])"),
        over(M, Bytes, 4 * 3_600_000, 1, "scalar(long) * vector(2)"),
        over(M, Bytes, 3_600_000, 1, "sum(wide)"),
        at(M, Bytes, "quantile_over_time(0.5, long[4h])"),
        at(M, Bytes, "mad_over_time(long[1d])"),
        hour(M, Bytes, 250, "hist"),
        hour(M, Bytes, 250, "rate(hist[2m])"),
        hour(M, Bytes, 250, "sum by (instance) (hist)"),
        hour(M, Bytes, 250, "hist + on (instance) hist"),
        hour(M, Bytes, 250, "last_over_time(hist[5m:1s])"),
        slow("stddev_over_time(long[2h])"),
        slow("deriv(long[2h])"),
        slow("sum(predict_linear(long[3h], 5))"),
        slow("double_exponential_smoothing(long[2h], 0.5, 0.5)"),
    ]
}

fn text_cases() -> Vec<Case> {
    use Kind::{Bytes, Evaluation, Parse};
    let doubling = "label_replace(";
    vec![
        at(M, Bytes, nested(60, doubling, "long", ", \"x\", \"a$1$1\", \"x\", \"(.*)\")")),
        at(M, Bytes, nested(60, "label_join(", "wide", ", \"path\", \",\", \"path\", \"path\")")),
        at(M, Bytes, format!("absent(m{{{}}})", list(60_000, ",", |i| format!("l{i}=\"v{i}\"")))),
        at(M, Bytes, format!("m{{{}}}", list(200, ",", |i| format!("l{i}=~\"\\\\pL{{{}}}x\"", 800 + i)))),
        at(M, Parse, "wide{path=~\"(.{1000}){1000}\"}"),
        at(M, Parse, format!("wide{{path=~\"{}\"}}", "(".repeat(100_000))),
        at(M, Bytes, format!("wide{{path=~\"{}\"}}", list(400_000, "|", |i| format!(".*v{i}x")))),
        at(M, Evaluation, "label_replace(wide, \"x\", \"$1\", \"path\", \"(.{1000}){1000}\")"),
        at(M, Bytes, balanced(16)),
        at(M, Bytes, list(2_000_000, " + ", |_| "1".into())),
        at(M, Bytes, list(300_000, " or ", |_| "wide".into())),
        at(M, Bytes, format!("\"{}\"", "x".repeat(50 << 20))),
        at(M, Bytes, format!("sum by ({}) (wide)", list(500_000, ",", |i| format!("l{i}")))),
        at(M, Bytes, "(".repeat(5 << 20)),
        at(M, Parse, "-".repeat(50_000)),
        at(M, Bytes, format!("# {}\nwide", "no ".repeat(20 << 20))),
    ]
}

#[test]
fn hostile_queries_end_in_typed_errors_within_their_budget() {
    let (fleet, mixed) = (Fleet::new(SERIES), mixed());
    let mut options = EngineOptions { features: Features::ALL, ..EngineOptions::default() };
    options.limits.max_bytes = BUDGET;
    let engine = Engine::new(options);
    let cases: Vec<Case> = [series_cases(), time_cases(), text_cases()].into_iter().flatten().collect();
    assert!(cases.len() >= 30);
    let mut wrong = Vec::new();
    for case in &cases {
        let store: &dyn Storage = match case.store {
            F => &fleet,
            M => &mixed,
        };
        let text: String = case.query.text().chars().take(70).collect();
        let before = HEAP.current_usage();
        HEAP.reset_peak_usage();
        let start = Instant::now();
        let result = engine.query(store, &case.query);
        let (peak, took) = (HEAP.peak_usage().saturating_sub(before), start.elapsed());
        let (got, message) = match &result {
            Ok(_) => (Kind::Answer, String::new()),
            Err(error) => (kind(error), error.to_string().chars().take(60).collect()),
        };
        if std::env::var_os("HOSTILE_VERBOSE").is_some() {
            eprintln!("{got:?} {:.1} MiB {:.2} s  {text}  {message}", mib(peak), took.as_secs_f64());
        }
        if got != case.expected {
            wrong.push(format!("{text}: {got:?} instead of {:?}: {message}", case.expected));
        }
        if peak > BUDGET / 4 * 5 {
            wrong.push(format!("{text}: {:.1} MiB used, {got:?}", mib(peak)));
        }
        if took > WATCHDOG {
            wrong.push(format!("{text}: took {took:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn mib(bytes: usize) -> f64 {
    bytes as f64 / (1 << 20) as f64
}
