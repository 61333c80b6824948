//! How long the in-memory store takes to load, to select among a million series, and to read.

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "criterion_group! makes a public function; a bench tells its sizes"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use promqlite_model::{MatchOp, Matcher, SampleBuf, Samples, TimeRange};
use promqlite_storage::{MemStore, SelectRequest, Storage};

/// A million series: 1,000 metrics of 1,000 series each, with a label that nearly all differ in.
fn million() -> MemStore {
    let store = MemStore::new();
    for metric in 0..1_000 {
        let name = format!("metric_{metric}");
        for i in 0..1_000 {
            let (pod, zone) = (format!("pod-{}", metric * 100 + i), format!("z{}", i % 3));
            let id =
                store.series_of([("__name__", &*name), ("pod", &*pod), ("zone", &*zone), ("job", "api")]);
            let times: Vec<i64> = (0..4).map(|k| k * 15_000).collect();
            store.append_samples(id, &Samples::floats(&times, &[1.0; 4]));
        }
    }
    store.optimize();
    store
}

fn select(c: &mut Criterion) {
    let store = million();
    println!("{} series, {} bytes per series", store.series_count(), store.bytes() / store.series_count());
    let regex = |name, pattern| Matcher::new(name, MatchOp::Regex, pattern).unwrap();
    let cases = [
        ("one metric", vec![Matcher::equal("__name__", "metric_7")]),
        (
            "one metric and a common label",
            vec![Matcher::equal("__name__", "metric_7"), Matcher::equal("job", "api")],
        ),
        ("one metric and a pattern", vec![Matcher::equal("__name__", "metric_7"), regex("pod", "pod-7.*1")]),
        ("a pattern of many values", vec![regex("pod", ".*77")]),
        ("three metrics by alternation", vec![regex("__name__", "metric_1|metric_2|metric_3")]),
        ("everything", vec![regex("job", ".+")]),
    ];
    let mut group = c.benchmark_group("select among 1M series");
    group.sample_size(10);
    for (name, matchers) in &cases {
        let request = SelectRequest::new(matchers, TimeRange::ALL);
        println!("{name}: {} series", store.select(&request).unwrap().len());
        group.bench_function(*name, |b| b.iter(|| black_box(store.select(&request).unwrap().len())));
    }
    group.finish();
}

fn append_and_read(c: &mut Criterion) {
    const SAMPLES: i64 = 100_000;
    let mut group = c.benchmark_group("100k samples");
    group.sample_size(20);
    group.bench_function("append one by one", |b| {
        b.iter(|| {
            let store = MemStore::new();
            let id = store.series_of([("__name__", "m")]);
            (0..SAMPLES).for_each(|t| _ = black_box(store.append(id, t, 1.0)));
        });
    });
    group.bench_function("append backwards", |b| {
        b.iter(|| {
            let store = MemStore::new();
            let id = store.series_of([("__name__", "m")]);
            (0..SAMPLES).rev().for_each(|t| _ = black_box(store.append(id, t, 1.0)));
        });
    });
    let store = MemStore::new();
    let id = store.series_of([("__name__", "m")]);
    (0..SAMPLES).for_each(|t| _ = store.append(id, t, 1.0));
    let selection = store.select(&SelectRequest::new(&[], TimeRange::ALL)).unwrap();
    let mut buf = SampleBuf::default();
    group.bench_function("read a tenth", |b| {
        b.iter(|| black_box(selection.samples(0, TimeRange::new(50_000, 60_000), &mut buf).unwrap().len()));
    });
    group.finish();
}

criterion_group!(benches, select, append_and_read);
criterion_main!(benches);
