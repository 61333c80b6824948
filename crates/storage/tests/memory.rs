//! What a loaded store takes, by its own account and by the allocator's.
//!
//! Alone in its program, since it counts what all of the program allocates.

#![allow(clippy::print_stdout, reason = "the figures are asked for with --nocapture")]

use peak_alloc::PeakAlloc;
use promqlite_model::Samples;
use promqlite_storage::MemStore;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const SERIES: usize = 2_000;
const SAMPLES: usize = 301;
/// Bytes that count who shares times.
const SHARED_HEAD: usize = 16;

#[test]
fn a_sample_takes_16_bytes_or_8_and_the_store_knows_what_it_takes() {
    let alone = bytes_of_samples(|series| series as i64);
    assert_eq!(alone, SERIES * (SAMPLES * 16 + SHARED_HEAD));
    // The five series of an instance are scraped together.
    let together = bytes_of_samples(|series| series as i64 / 5);
    assert_eq!(together, SERIES * (SAMPLES * 8 + (SAMPLES * 8 + SHARED_HEAD) / 5));
}

/// Loads series whose first sample is at `offset(series)` ms, checks what the store says that it takes, and returns how
/// much of that is for samples.
fn bytes_of_samples(offset: impl Fn(usize) -> i64) -> usize {
    let before = MEMORY.current_usage();
    let store = MemStore::new();
    for k in 0..SAMPLES as i64 {
        for i in 0..SERIES {
            let (code, instance) = ((200 + i % 5).to_string(), format!("web-{}:9100", i / 5));
            let id = store.series_of([
                ("__name__", "http_requests_total"),
                ("code", &code),
                ("instance", &instance),
                ("job", "shop"),
            ]);
            store.append_samples(id, &Samples::floats(&[15_000 * k + offset(i)], &[(k * 3) as f64]));
        }
    }
    let growing = MEMORY.current_usage() - before;
    store.optimize();
    let took = MEMORY.current_usage() - before;
    let (told, of_samples) = (store.bytes(), store.sample_bytes());
    let samples = SERIES * SAMPLES;
    let each = |bytes: usize| bytes as f64 / samples as f64;
    println!("{:.2} bytes a sample while growing, {:.2} then", each(growing), each(took));
    println!("of these {:.2} for samples, {} bytes a series", each(of_samples), (took - of_samples) / SERIES);
    // Symbols and indexes count what they reserve only roughly.
    assert!(told.abs_diff(took) * 40 <= took, "{told} bytes are told of {took}");
    assert!(took - of_samples < 500 * SERIES, "{} bytes for {SERIES} series", took - of_samples);
    of_samples
}
