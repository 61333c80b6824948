//! What large queries hold at once.

use promqlite::{MemStore, Millis, Query, SampleBuf, Timestamp};
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
