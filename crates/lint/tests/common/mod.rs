//! Half an hour of a small shop: requests, latency buckets, a summary, memory, an `up` of two jobs.

#![allow(dead_code)] // Each test uses a part.

use promqlite::MemStore;

/// Between two scrapes, in ms.
pub(crate) const SCRAPE: i64 = 15_000;
/// The last scrape, in ms.
pub(crate) const END: i64 = 120 * SCRAPE;

/// The shop's data.
pub(crate) fn shop() -> MemStore {
    let store = MemStore::new();
    let add = |labels: &[(&str, &str)], value: &dyn Fn(f64) -> f64| {
        let id = store.series_of(labels.iter().copied());
        for i in 0..=120 {
            store.append(id, i * SCRAPE, value(i as f64));
        }
    };
    for status in ["200", "404", "500"] {
        for instance in ["a:80", "b:80"] {
            let labels = [
                ("__name__", "http_requests_total"),
                ("job", "shop"),
                ("instance", instance),
                ("status", status),
            ];
            add(&labels, &|i| i * 10.0);
        }
    }
    for (le, share) in [("0.1", 0.5), ("1", 0.9), ("+Inf", 1.0)] {
        let labels = [("__name__", "http_request_duration_seconds_bucket"), ("job", "shop"), ("le", le)];
        add(&labels, &|i| (i * 10.0 * share).floor());
    }
    for quantile in ["0.5", "0.99"] {
        add(&[("__name__", "rpc_duration_seconds"), ("job", "shop"), ("quantile", quantile)], &|i| i % 3.0);
    }
    add(&[("__name__", "memory_free_bytes"), ("job", "node"), ("instance", "a:80")], &|i| {
        1e9 - (i % 7.0) * 1e6
    });
    add(&[("__name__", "disk_used_ratio"), ("job", "node"), ("instance", "a:80")], &|i| (i % 5.0) / 10.0);
    add(&[("__name__", "queue_depth"), ("job", "shop")], &|i| (i * 7.0) % 13.0);
    add(&[("__name__", "processed"), ("job", "shop")], &|i| i * 3.0);
    add(&[("__name__", "up"), ("job", "shop"), ("instance", "a:80")], &|_| 1.0);
    add(&[("__name__", "build_info"), ("job", "shop"), ("version", "1.2")], &|_| 1.0);
    store
}
