//! What large queries hold at once.

use std::ops::ControlFlow;

use promqlite::{MemStore, Millis, Query, SampleBuf, Series, Timestamp};
use promqlite_bench::measure;

const SERIES: usize = 100_000;
const MIB: u64 = 1 << 20;

/// 100,000 counters, 24 samples each, 15 s apart.
fn counters() -> MemStore {
    let store = MemStore::new();
    let mut samples = SampleBuf::default();
    for s in 0..24 {
        samples.push(s * 15_000, s as f64);
    }
    for i in 0..SERIES {
        let instance = i.to_string();
        let id = store.series_of([("__name__", "x_total"), ("job", "api"), ("instance", &instance)]);
        store.append_samples(id, &samples.samples());
    }
    store.optimize();
    store
}

/// The series of a rate pass through the sum in batches: only their labels are held all at once.
#[test]
fn a_sum_of_rates_holds_labels_and_little_more() {
    let (store, engine) = (counters(), measure::engine(true));
    let query = || {
        let (start, end) = (Timestamp(300_000), Timestamp(345_000));
        Query::range("sum(rate(x_total[5m]))", start, end, Millis(100))
    };
    let result = engine.query(&store, &query()).expect("an answer");
    assert_eq!(result.value.series_count(), 1);
    let used = allocation_counter::measure(|| drop(engine.query(&store, &query())));
    // What the query holds of the store and of labels: a list entry and a reference for each series.
    let per_series = 64 * SERIES as u64;
    assert!(used.bytes_max < per_series + 32 * MIB, "{} bytes at once", used.bytes_max);
    // All rates at once would take a hundred times that.
    let cells = 451 * SERIES as u64 * 8;
    assert!(used.bytes_max < cells / 8);
    // Batches are filled again, not made anew.
    assert!(used.bytes_total < cells / 4, "{} bytes in all", used.bytes_total);
}

/// A result of 40 MB, as it is kept and as it passes by.
#[test]
fn a_stream_holds_a_few_batches() {
    let (store, engine) = (counters(), measure::engine(true));
    let query = || Query::range("-x_total", Timestamp(0), Timestamp(345_000), Millis(7500));
    let cells = 47 * SERIES as u64 * 8;
    let kept = allocation_counter::measure(|| drop(engine.query(&store, &query())));
    // Labels and list entries, and 8 bytes a point with a bit beside it.
    let per_series = 256 * SERIES as u64;
    assert!((cells..cells + per_series).contains(&kept.bytes_max), "{} bytes kept", kept.bytes_max);
    let mut points = 0;
    let streamed = allocation_counter::measure(|| {
        let each = |series: Vec<Series>| {
            points += series.iter().map(|one| one.floats.len() as u64).sum::<u64>();
            ControlFlow::Continue(())
        };
        drop(engine.stream(&store, &query(), each));
    });
    assert_eq!(points * 8, cells);
    let per_series = 80 * SERIES as u64;
    assert!(streamed.bytes_max < per_series + 4 * MIB, "{} bytes streamed", streamed.bytes_max);
}
