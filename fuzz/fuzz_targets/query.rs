//! Text as a query: parsed, printed, explained and evaluated over a small store within tight limits.
//!
//! The first byte: 1 asks for a range, 2 takes rows one at a time, 4 removes names at once, 8 allows all features,
//! 16 uses types and units.
#![no_main]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use promqlite::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite::{Engine, EngineOptions, Features, Limits, MemStore, Millis, Query, Rewrites, Timestamp};

static STORE: OnceLock<MemStore> = OnceLock::new();

const END: Timestamp = Timestamp(1_200_000);

/// Counters, gauges with gaps, classic and native histograms, over 20 minutes.
fn store() -> MemStore {
    let store = MemStore::new();
    for (i, job) in ["a", "b", "c"].into_iter().enumerate() {
        let labels = [("__name__", "m"), ("job", job), ("instance", ["x", "y"][i % 2])];
        let counter = store.series_of(labels);
        let gauge = store.series_of([("__name__", "g"), ("job", job), ("le", "0.5")]);
        let native = store.series_of([("__name__", "h"), ("job", job)]);
        for k in 0..80i64 {
            let t = k * 15_000 + i as i64;
            store.append(counter, t, (k % 50 * (i as i64 + 1)) as f64);
            if k % 20 < 15 {
                store.append(gauge, t, [0.5, -1.0, f64::NAN, f64::INFINITY, 1e300][k as usize % 5]);
                store.append_histogram(native, t, histogram(k % 50, i as i32).view());
            }
        }
        for le in ["0.1", "1", "+Inf"] {
            let bucket = store.series_of([("__name__", "c_bucket"), ("job", job), ("le", le)]);
            for k in 0..80i64 {
                store.append(bucket, k * 15_000, (k * le.len() as i64) as f64);
            }
        }
    }
    store
}

fn histogram(k: i64, schema: i32) -> FloatHistogram {
    let counts = vec![k as f64, 2.0 * k as f64, 1.0];
    FloatHistogram::from_parts(HistogramParts {
        schema,
        count: counts.iter().sum::<f64>() + 1.0,
        sum: k as f64,
        zero_count: 1.0,
        zero_threshold: 0.001,
        positive_spans: vec![Span { offset: -1, length: 2 }, Span { offset: 1, length: 1 }],
        positive_counts: counts,
        ..HistogramParts::default()
    })
    .expect("a valid histogram")
}

fn options(flags: u8) -> EngineOptions {
    EngineOptions {
        features: if flags & 8 != 0 { Features::ALL } else { Features::SERVER_DEFAULT },
        batch_rows: (flags & 2 != 0).then_some(1),
        delayed_name_removal: flags & 4 == 0,
        type_and_unit_labels: flags & 16 != 0,
        timeout: Duration::from_secs(1),
        limits: Limits {
            max_samples: 100_000,
            max_bytes: 32 << 20,
            max_series: 1000,
            max_steps: 10_000,
            max_subquery_points: 100_000,
        },
        single_thread: true,
        ..EngineOptions::default()
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((flags, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let options = options(*flags);
    let query = if flags & 1 != 0 {
        Query::range(text, Timestamp(0), END, Millis(60_000))
    } else {
        Query::instant(text, END)
    };
    let plain = EngineOptions { rewrites: Rewrites::NONE, batch_rows: None, ..options.clone() };
    let (engine, plain) = (Engine::new(options), Engine::new(plain));
    if engine.check(text).is_err() {
        return;
    }
    let _ = engine.explain(&query).map(|explain| explain.to_string());
    let store = STORE.get_or_init(store);
    let start = Instant::now();
    let answer = engine.query(store, &query);
    // Sanitizers and other processes slow it down.
    assert!(start.elapsed() < Duration::from_secs(5), "a timeout of 1 s took {:?}", start.elapsed());
    let (Ok(answer), Ok(plain)) = (answer, plain.query(store, &query)) else { return };
    assert_eq!(format!("{:?}", answer.value), format!("{:?}", plain.value), "rewritten and not");
});
