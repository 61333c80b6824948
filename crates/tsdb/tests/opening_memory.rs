//! What opening a block allocates, and what an instant query over it reads.
//!
//! Alone in its program, since it counts what all of the program allocates.

#![allow(clippy::print_stdout, reason = "the figures are asked for with --nocapture")]

use std::path::Path;

use peak_alloc::PeakAlloc;
use promqlite_model::{Matcher, SampleBuf, Samples, TimeRange, Timestamp};
use promqlite_storage::{MemStore, SelectRequest, Storage};
use promqlite_tsdb::{BlockStore, OpenOptions, WriteOptions, write_blocks};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const METRICS: usize = 200;
/// Five minutes at 15 s, so that a series is one chunk.
const SAMPLES: i64 = 20;

/// A block of 200 metrics of so many hosts, opened, and how much memory that took at most.
fn write_and_open(data: &Path, hosts: usize) -> (BlockStore, u64) {
    let store = MemStore::new();
    let times: Vec<i64> = (0..SAMPLES).map(|k| k * 15_000).collect();
    for i in 0..METRICS * hosts {
        let (name, instance) = (format!("metric_{}", i % METRICS), format!("host-{}:9100", i / METRICS));
        let job = format!("job-{}", i / METRICS % 10);
        let id = store.series_of([("__name__", name.as_str()), ("instance", &instance), ("job", &job)]);
        let values: Vec<f64> = times.iter().map(|t| (t * 31 % 97 + i as i64) as f64 / 7.0).collect();
        store.append_samples(id, &Samples::floats(&times, &values));
    }
    let written = write_blocks(data, &store, &[], TimeRange::ALL, &WriteOptions::new(Timestamp(0)));
    let path = written.unwrap().remove(0).path;
    drop(store);

    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let store = BlockStore::open(&path, &OpenOptions::default()).unwrap();
    let took = MEMORY.peak_usage().saturating_sub(before) as u64;
    let size = store.blocks().next().unwrap().info().bytes;
    println!("{} series, {size} bytes: opening took {took} bytes", METRICS * hosts);
    assert!(took * 20 <= size, "opening {size} bytes took {took}");
    (store, size)
}

#[test]
fn a_large_block_opens_in_little_memory_and_is_read_in_part() {
    const HOSTS: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let (store, size) = write_and_open(folder.path(), HOSTS);
    assert!(size > 3_000_000, "{size} bytes");
    let matchers = [Matcher::equal("__name__", "metric_7")];
    let range = TimeRange::new(0, (SAMPLES - 1) * 15_000);
    let selection = store.select(&SelectRequest::new(&matchers, range)).unwrap();
    let mut buf = SampleBuf::default();
    for i in 0..selection.len() {
        assert_eq!(selection.samples(i, range, &mut buf).unwrap().len(), SAMPLES as usize);
    }
    let read = selection.stats();
    assert_eq!((selection.len(), read.chunks), (HOSTS, HOSTS as u64));
    // One metric of 200, with room for what stands around chunks and series.
    assert!(read.bytes * METRICS as u64 <= size * 2, "{read:?} of {size} bytes");
}

/// Run by itself: `cargo test --release -p promqlite-tsdb --test opening_memory -- --ignored --nocapture`.
#[test]
#[ignore = "writes a block of some 100 MB"]
fn a_block_of_a_million_series_opens_in_a_twentieth_of_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let (_, size) = write_and_open(folder.path(), 1_000_000 / METRICS);
    assert!(size > 100_000_000, "{size} bytes");
}
