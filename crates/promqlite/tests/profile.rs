//! What `Engine::analyze` tells of a query is complete, and does not change its answer.

#![allow(clippy::print_stdout, reason = "figures are for people to read")]

mod stores;

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use promqlite::storage::{SelectRequest, Selection, StorageError};
use promqlite::{
    Engine, EngineOptions, Features, MemStore, Millis, PartKind, Profile, Query, QueryError, Storage,
    Symbols, TimeRange, Timestamp,
};
use stores::{Fleet, NOW, mixed};

fn engine(single_thread: bool) -> Engine {
    let features = Features { experimental_functions: true, ..Features::SERVER_DEFAULT };
    Engine::new(EngineOptions { single_thread, features, ..EngineOptions::default() })
}

fn hour_of(text: &str, step: i64) -> Query {
    Query::range(text, Timestamp(NOW.0 - 3_600_000), NOW, Millis(step))
}

/// Ten series `m{i="0"}` … with a sample each 15 s, equal to the number of the sample.
fn small() -> MemStore {
    let store = MemStore::new();
    for i in 0..10 {
        let (i, odd) = (i.to_string(), if i % 2 == 0 { "no" } else { "yes" });
        let series = store.series_of([("__name__", "m"), ("i", &i), ("odd", odd)]);
        for k in 0..=240 {
            store.append(series, k * 15_000, k as f64);
        }
    }
    store
}

/// Everything but times and bytes, a line per part.
fn shape(profile: &Profile) -> String {
    let mut out = String::new();
    for part in &profile.parts {
        let number = |n: Option<u64>| n.map_or("-".to_owned(), |n| n.to_string());
        let indent = 2 * part.depth;
        let (rows, steps) = (number(part.rows), number(part.steps));
        let _ = writeln!(out, "{:indent$}{} | {rows} × {steps}, {} samples", "", part.name, part.samples);
    }
    out
}

fn shape_of(text: &str) -> String {
    let query = Query::range(text, Timestamp(600_000), Timestamp(1_200_000), Millis(60_000));
    shape(&engine(false).analyze(&small(), &query).expect("a query").1)
}

#[test]
fn every_operator_tells_rows_steps_and_samples() {
    let shown = shape_of("sum by (odd) (rate(m[1m])) * 2 < scalar(avg(m{i='1'} offset 1m))");
    let expected = r#"parse and plan | - × -, 0 samples
search $0 {__name__="m"} | 10 × -, 0 samples
search $1 {i="1", __name__="m"} | 1 × -, 0 samples
result | 2 × 11, 0 samples
  < | 2 × 11, 0 samples
    * | 2 × 11, 0 samples
      sum by (odd) | 2 × 11, 0 samples
        rate $0[1m] | 10 × 11, 440 samples
      number 2 | 1 × 11, 0 samples
    scalar | 1 × 11, 0 samples
      avg | 1 × 11, 0 samples
        select $1 offset 1m | 1 × 11, 11 samples
rest | - × -, 0 samples
"#;
    assert_eq!(shown, expected);
}

#[test]
fn shared_subtrees_windows_and_what_never_ran_are_parts_too() {
    let shared = shape_of("abs(m) / (abs(m) + 1)");
    let lines: Vec<&str> = shared.lines().filter(|line| line.contains("shared #0")).collect();
    assert_eq!(lines.len(), 3, "two uses and the subtree:\n{shared}");
    assert_eq!(lines[2], "shared #0: abs | 10 × 11, 0 samples");

    let windows =
        engine(false).analyze(&small(), &Query::instant("m[1m]", Timestamp(600_000))).expect("a query").1;
    assert!(shape(&windows).contains("  windows $0[1m] | 10 × 1, 40 samples\n"), "{}", shape(&windows));

    let unread = shape_of("label_replace(m, 'a', '$1', 'i', '(.*)')");
    assert!(unread.contains("    string \"a\" | - × 11, 0 samples\n"), "{unread}");
}

#[test]
fn measuring_changes_no_answer_and_misses_nothing() {
    let store = mixed();
    for text in [
        "sum by (instance) (rate(wide[5m]))",
        "wide * on (instance) group_left () (wide + 1)",
        "histogram_quantile(0.9, sum(rate(hist[2m])))",
        "max_over_time(sum(wide)[10m:30s])",
        "topk(3, wide) or sort_desc(-wide)",
        "info(wide)",
        "time() + 1",
    ] {
        let query = hour_of(text, 60_000);
        let engine = engine(false);
        let plain = engine.query(&store, &query).expect("a query");
        let (result, profile) = engine.analyze(&store, &query).expect("a query");
        assert_eq!(format!("{:?}", result.value), format!("{:?}", plain.value), "{text}");
        assert_eq!(result.warnings(), plain.warnings(), "{text}");
        assert_eq!(result.stats.samples_read, plain.stats.samples_read, "{text}");
        let samples: u64 = profile.parts.iter().map(|part| part.samples).sum();
        assert_eq!(samples, result.stats.samples_read, "{text}");
        let searches = profile.parts.iter().filter(|part| part.kind == PartKind::Search);
        assert_eq!(searches.filter_map(|part| part.rows).sum::<u64>(), result.stats.series, "{text}");
        let peaks: u64 = profile.parts.iter().map(|part| part.peak_bytes).sum();
        assert!(peaks >= result.stats.peak_bytes, "{text}: {peaks} of {}", result.stats.peak_bytes);
        assert!(
            // These two are handed what other parts took.
            profile
                .parts
                .iter()
                .all(|part| part.bytes >= part.peak_bytes || matches!(&*part.name, "rest" | "result")),
            "{text}"
        );
        let hottest = profile.hottest().expect("there are parts");
        assert!(profile.parts.iter().all(|part| part.time <= profile.parts[hottest].time));
    }
}

/// The sum of the parts and the whole, as seen from outside, of a query that takes a while.
fn parts_and_whole(engine: &Engine, store: &dyn Storage, text: &str) -> (Duration, Duration, Profile) {
    let mut step = 60_000;
    loop {
        let started = Instant::now();
        let (result, profile) = engine.analyze(store, &hour_of(text, step)).expect("a query");
        let whole = started.elapsed();
        drop(result);
        if whole >= Duration::from_millis(50) || step <= 1000 {
            return (profile.accounted(), whole, profile);
        }
        step /= 2;
    }
}

#[test]
fn the_parts_add_up_to_the_whole() {
    let (fleet, mixed) = (Fleet::new(5000), mixed());
    let stores: [(&dyn Storage, &str); 5] = [
        (&fleet, "sum by (half) (fleet * 2)"),
        (&fleet, "fleet"),
        (&fleet, "fleet * on (i) group_right () (fleet + 1)"),
        (&mixed, "max_over_time(stddev_over_time(long[5m])[10m:30s])"),
        (&mixed, "sum by (instance) (rate(wide[5m]))"),
    ];
    for single_thread in [true, false] {
        for (store, text) in stores {
            // Other programs take the processor away at bad moments.
            let close = (0..20).any(|_| {
                let (parts, whole, profile) = parts_and_whole(&engine(single_thread), store, text);
                let ratio = parts.as_secs_f64() / whole.as_secs_f64();
                let inside = parts.as_secs_f64() / profile.total.as_secs_f64();
                println!("{text}: {parts:?} of {whole:?}, {ratio:.3}; inside {inside:.4}");
                (0.9..1.1).contains(&ratio) && (0.95..1.05).contains(&inside)
            });
            assert!(close, "{text}, one thread: {single_thread}");
        }
    }
}

#[test]
fn on_one_thread_time_is_work_and_a_total_holds_what_is_below() {
    let (_, profile) =
        engine(true).analyze(&Fleet::new(500), &hour_of("sum(fleet * 2)", 10_000)).expect("a query");
    assert!(profile.parts.iter().all(|part| part.time == part.busy));
    let result = profile.parts.iter().position(|part| part.kind == PartKind::Result).expect("a result");
    let below: Duration =
        profile.parts[result..].iter().filter(|part| part.name != "rest").map(|p| p.time).sum();
    assert_eq!(profile.time_with_inputs(result), below);
    let select = profile.parts.iter().position(|part| part.name.starts_with("select")).expect("a selector");
    assert_eq!(profile.time_with_inputs(select), profile.parts[select].time);
    assert!(profile.parts[select].batches > 0);
}

/// A store that asks the engine itself when it is asked.
struct Asking(MemStore);

impl Storage for Asking {
    fn symbols(&self) -> &Arc<Symbols> {
        self.0.symbols()
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        let inner = Query::instant("count(rate(m[1m]))", Timestamp(600_000));
        let (_, profile) = engine(false).analyze(&self.0, &inner).expect("a query");
        let samples: u64 = profile.parts.iter().map(|part| part.samples).sum();
        assert_eq!(samples, 40, "of the inner query alone");
        self.0.select(request)
    }

    fn time_range(&self) -> Option<TimeRange> {
        self.0.time_range()
    }
}

#[test]
fn a_query_inside_a_query_is_measured_on_its_own() {
    let store = Asking(small());
    // Other programs take the processor away at bad moments.
    let told = (0..20).any(|_| {
        let query = Query::instant("sum(m)", Timestamp(600_000));
        let (_, profile) = engine(false).analyze(&store, &query).expect("a query");
        assert_eq!(profile.parts.iter().map(|part| part.samples).sum::<u64>(), 10);
        assert!(profile.accounted() <= profile.total + Duration::from_micros(profile.parts.len() as u64));
        let search = profile.parts.iter().find(|part| part.kind == PartKind::Search).expect("a search");
        search.time * 2 > profile.total
    });
    assert!(told, "the inner query's time is the search's");
}

#[test]
fn a_query_that_fails_leaves_nothing_behind() {
    let store = small();
    let failing = Query::instant("m + on (odd) m", Timestamp(600_000));
    let engine = engine(false);
    assert!(matches!(engine.analyze(&store, &failing), Err(QueryError::Exec(_))));
    let (_, profile) = engine.analyze(&store, &Query::instant("m", Timestamp(600_000))).expect("a query");
    assert_eq!(profile.parts.iter().map(|part| part.samples).sum::<u64>(), 10);
}

#[test]
fn deep_queries_are_measured_too() {
    let text = format!("{}m{}", "abs(".repeat(900), ")".repeat(900));
    let (_, profile) =
        engine(false).analyze(&small(), &Query::instant(text, Timestamp(600_000))).expect("a query");
    let deepest = profile.parts.iter().map(|part| part.depth).max();
    assert_eq!(deepest, Some(901));
}
