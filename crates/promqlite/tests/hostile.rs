//! Queries that are meant to do harm end in a typed error, and in little more memory than they may use.
//!
//! The allocator counts all that is on the heap, so this binary runs one test alone. The stores are made before,
//! and are no part of what is measured.

#![allow(clippy::print_stdout, reason = "figures are for people to read")]

mod stores;

use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use promqlite::{
    Engine, EngineOptions, ExecError, Features, MemStore, Millis, Query, QueryError, QueryResult, Storage,
    Timestamp,
};
use stores::{Fleet, NOW, kept, mixed};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Series of the fleet: fewer for an unoptimised build.
const SERIES: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
/// What a query over the fleet may use: 70 bytes a series.
const FLEET_BUDGET: usize = SERIES * 70;
/// What other queries may use.
const BUDGET: usize = 64 << 20;
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
    Kept,
    Mixed,
}

use Which::{Fleet as F, Kept as K, Mixed as M};

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
        at(M, Evaluation, "wide * on (job) wide"),
        at(F, Bytes, "fleet + on (i) group_left (half) fleet"),
        at(F, Bytes, "fleet + on (i) fill (0) fleet"),
        at(F, Bytes, "fleet or on (i) (fleet + 1)"),
        at(F, Bytes, "fleet and fleet and on (i) fleet"),
        at(F, Bytes, "fleet unless on () (fleet > 1e9)"),
        at(F, Bytes, "-fleet"),
        at(K, Bytes, "abs(kept)"),
        at(K, Bytes, "{i=~\".*[0-9]\"} or {i=~\".*[0-9]x?\"}"),
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
        at(F, Bytes, "fleet[4h]"),
        hour(F, Bytes, 1000, "fleet"),
        at(F, Bytes, "info(label_replace(fleet, \"instance\", \"$1\", \"i\", \"(.*)\"))"),
        hour(M, Bytes, 500, "info(wide)"),
        hour(M, Bytes, 200, "wide or on (instance) target_info"),
        over(M, Samples, 3_600_000, 50, "sum by (job) (wide)"),
    ]
}

fn time_cases() -> Vec<Case> {
    use Kind::{Bytes, Steps, SubqueryPoints, Timeout};
    let slow = |text: &str| {
        let mut case = over(M, Timeout, 4 * 3_600_000, 500, text);
        case.query = case.query.with_timeout(Duration::from_millis(200));
        case
    };
    vec![
        at(M, SubqueryPoints, "max_over_time(wide[1h:1ms])"),
        at(M, Steps, "max_over_time(vector(1)[1y:1ms])"),
        at(M, Bytes, "sum_over_time(vector(1)[5h:1ms])"),
        at(M, SubqueryPoints, "rate(wide[1h:10ms])"),
        at(M, Bytes, "rate(wide[1h:100ms])"),
        at(M, Bytes, "max_over_time(max_over_time(vector(time())[1h:1ms])[1h:1s])"),
        over(M, Steps, 10 * 365 * 86_400_000, 1, "up"),
        over(M, Bytes, 4 * 3_600_000, 1, "time()"),
        over(M, Bytes, 1_000_000, 1, nested(400, "1 + (", "time()", ")")),
        over(M, Bytes, 4 * 3_600_000, 1, "absent_over_time(nothing[1d])"),
        over(M, Bytes, 4 * 3_600_000, 1, "scalar(long) * vector(2)"),
        over(M, Bytes, 3_600_000, 1, "sum(wide)"),
        at(M, Bytes, "quantile_over_time(0.5, vector(time())[90m:1ms])"),
        at(M, Bytes, "mad_over_time(vector(time())[1h:1ms])"),
        hour(M, Bytes, 250, "hist"),
        hour(M, Bytes, 250, "rate(hist[2m])"),
        hour(M, Bytes, 250, "sum by (instance) (hist)"),
        hour(M, Bytes, 250, "hist + on (instance) hist"),
        hour(M, Bytes, 250, "last_over_time(hist[5m:1s])"),
        slow("sum(deriv(long[2h]))"),
        slow("deriv(long[2h])"),
        slow("stddev(deriv(long[3h] offset 1m))"),
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
        at(M, Parse, format!("wide{{path=~\"{}\"}}", "(".repeat(10_000))),
        at(M, Bytes, format!("wide{{path=~\"{}\"}}", list(400_000, "|", |i| format!(".*v{i}x")))),
        at(M, Evaluation, "label_replace(wide, \"x\", \"$1\", \"path\", \"(.{1000}){1000}\")"),
        at(M, Bytes, balanced(16)),
        at(M, Bytes, list(200, " or ", |_| format!("({})", list(500, " or ", |_| "wide".into())))),
        at(M, Bytes, list(2_000_000, " + ", |_| "1".into())),
        at(M, Bytes, list(300_000, " or ", |_| "wide".into())),
        at(M, Bytes, format!("\"{}\"", "x".repeat(50 << 20))),
        at(M, Bytes, format!("sum by ({}) (wide)", list(500_000, ",", |i| format!("l{i}")))),
        at(M, Bytes, "(".repeat(5 << 20)),
        at(M, Parse, "-".repeat(5_000)),
        at(M, Bytes, format!("# {}\nwide", "no ".repeat(20 << 20))),
    ]
}

/// Queries that are large but have an answer, under limits that are larger.
const LARGE: &[(Which, &str)] = &[
    (F, "count_values(\"v\", fleet)"),
    (F, "fleet + on (i) group_left (half) fleet"),
    (F, "fleet + on (i) fill (0) fleet"),
    (F, "fleet or on (i) (fleet + 1)"),
    (F, "fleet unless on () (fleet > 1e9)"),
    (F, "sort_desc(fleet * 2)"),
    (F, "sort_by_label(fleet, \"half\", \"i\")"),
    (F, "topk(1e18, fleet)"),
    (F, "bottomk by (half) (7, fleet)"),
    (F, "limitk(1e18, fleet)"),
    (F, "limit_ratio(0.9, fleet * 2)"),
    (F, "quantile by (half) (0.9, fleet)"),
    (F, "sum by (i, half) (fleet)"),
    (F, "label_replace(fleet, \"x\", \"$1$1\", \"i\", \"(.*)\")"),
    (F, "label_join(fleet, \"x\", \"-\", \"i\", \"half\", \"i\", \"__name__\")"),
    (F, "histogram_quantile(0.9, label_replace(fleet, \"le\", \"$1\", \"i\", \"(.*)\"))"),
    (F, "fleet[10m]"),
    (K, "sum(kept) + count({i=~\".*[0-8]\"})"),
    (F, "max_over_time(fleet[5m:1m])"),
    (M, "info(wide)"),
    (M, "wide[1h]"),
    (M, "rate(hist[2m])"),
    (M, "hist[5m]"),
    (M, "sum(hist)"),
    (M, "avg by (instance) (hist)"),
    (M, "hist * 2"),
    (M, "histogram_quantile(0.9, rate(hist[2m]))"),
    (M, "quantile_over_time(0.5, long[4h])"),
    (M, "mad_over_time(long[1d])"),
    (M, "sum_over_time(vector(1)[1h:1ms])"),
    (M, "max_over_time(wide[1h:1m])"),
];

struct Stores {
    fleet: Fleet,
    kept: MemStore,
    mixed: MemStore,
}

impl Stores {
    /// Asks a query; returns also the most bytes that were on the heap beside what was there before.
    fn ask(&self, store: Which, query: &Query, max_bytes: usize) -> (Result<QueryResult, QueryError>, usize) {
        let store: &dyn Storage = match store {
            F => &self.fleet,
            K => &self.kept,
            M => &self.mixed,
        };
        let mut options = EngineOptions { features: Features::ALL, ..EngineOptions::default() };
        options.limits.max_bytes = max_bytes;
        let engine = Engine::new(options);
        let before = settled_usage();
        HEAP.reset_peak_usage();
        let start = Instant::now();
        let result = engine.query(store, query);
        let peak = HEAP.peak_usage().saturating_sub(before);
        if std::env::var_os("HOSTILE_VERBOSE").is_some() {
            let (mib, took) = (peak as f64 / 1_048_576.0, start.elapsed().as_secs_f64());
            let message: String = match &result {
                Ok(result) => format!("counted {:.1} MiB", result.stats.peak_bytes as f64 / 1_048_576.0),
                Err(error) => error.to_string().chars().take(60).collect(),
            };
            println!("{mib:.1} MiB {took:.2} s  {}  {message}", short(query.text()));
        }
        assert!(start.elapsed() < WATCHDOG, "{}", short(query.text()));
        (result, peak)
    }
}

/// The bytes on the heap, once what the query before has left is freed: that happens aside.
fn settled_usage() -> usize {
    let (mut usage, mut same) = (HEAP.current_usage(), 0);
    while same < 4 {
        std::thread::sleep(Duration::from_millis(5));
        let now = HEAP.current_usage();
        same = if now == usage { same + 1 } else { 0 };
        usage = now;
    }
    usage
}

fn short(text: &str) -> String {
    text.chars().take(70).collect()
}

/// One test, since what another one allocates would count here.
#[test]
fn memory_stays_within_the_budget() {
    let stores = Stores { fleet: Fleet::new(SERIES), kept: kept(SERIES), mixed: mixed() };
    hostile_queries_end_in_typed_errors(&stores);
    what_is_counted_covers_what_is_used(&stores);
}

fn hostile_queries_end_in_typed_errors(stores: &Stores) {
    let cases: Vec<Case> = [series_cases(), time_cases(), text_cases()].into_iter().flatten().collect();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let budget = match case.store {
            F | K => FLEET_BUDGET,
            M => BUDGET,
        };
        let (result, peak) = stores.ask(case.store, &case.query, budget);
        let got = result.as_ref().map_or_else(kind, |_| Kind::Answer);
        if got != case.expected {
            wrong.push(format!("{}: {got:?} instead of {:?}", short(case.query.text()), case.expected));
        }
        if peak > budget / 4 * 5 {
            wrong.push(format!("{}: {peak} bytes used of {budget}, {got:?}", short(case.query.text())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Beside what a query of any size uses: threads' stacks of work, small tables.
const SLACK: usize = 1 << 20;

fn what_is_counted_covers_what_is_used(stores: &Stores) {
    let mut wrong = Vec::new();
    for &(store, text) in LARGE {
        let (result, peak) = stores.ask(store, &Query::instant(text, NOW), 8 << 30);
        let counted = result.unwrap_or_else(|error| panic!("{text}: {error}")).stats.peak_bytes as usize;
        if peak > counted / 4 * 5 + SLACK {
            wrong.push(format!("{text}: {peak} bytes used, {counted} counted"));
        }
        if counted > peak * 10 + SLACK {
            wrong.push(format!("{text}: {counted} bytes counted, but {peak} used"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
