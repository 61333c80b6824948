//! `promtool`, where it is installed, reads the blocks that are written here.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::Path;
use std::process::Command;

use promqlite_model::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite_model::{TimeRange, Timestamp};
use promqlite_storage::MemStore;
use promqlite_tsdb::{WriteOptions, WrittenBlock, write_blocks};

/// What `promtool tsdb WHAT DATA` prints.
fn promtool(what: &str, data: &Path) -> Option<String> {
    let run = match Command::new("promtool").args(["tsdb", what]).arg(data).output() {
        Ok(run) => run,
        Err(error) => {
            println!("skipped: promtool cannot be run: {error}");
            return None;
        }
    };
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "promtool tsdb {what}: {errors}");
    Some(String::from_utf8(run.stdout).expect("promtool writes UTF-8"))
}

/// Three hours of floats in many chunks, and histograms; with the lines that tell of the floats in a dump.
fn write(data: &Path) -> (Vec<WrittenBlock>, Vec<String>) {
    let store = MemStore::new();
    let mut lines = Vec::new();
    for (job, step) in [("api", 15_000), ("batch \"é\"", 14_983)] {
        let id = store.series_of([("__name__", "up"), ("job", job)]);
        for k in 0..720i64 {
            let (t, value) = (k * step, (k * k % 37) as f64 / 8.0);
            store.append(id, t, value);
            lines.push(format!("{{__name__=\"up\", job={job:?}}} {value} {t}"));
        }
    }
    let id = store.series_of([("__name__", "h")]);
    for k in 1..200u32 {
        let parts = HistogramParts {
            count: f64::from(k) * 2.0,
            sum: f64::from(k),
            positive_spans: vec![Span { offset: 0, length: 2 }],
            positive_counts: vec![f64::from(k); 2],
            ..HistogramParts::default()
        };
        let histogram = FloatHistogram::from_parts(parts).expect("a valid histogram");
        store.append_histogram(id, i64::from(k) * 15_000, histogram.view());
    }
    lines.sort();
    let options = WriteOptions::new(Timestamp(1_800_000_000_000));
    (write_blocks(data, &store, &[], TimeRange::ALL, &options).expect("blocks"), lines)
}

#[test]
fn promtool_reads_what_is_written() {
    let data = tempfile::tempdir().expect("a folder");
    // It wants one, empty or not.
    std::fs::create_dir(data.path().join("wal")).expect("a folder");
    let (blocks, floats) = write(data.path());
    assert_eq!(blocks.len(), 2);
    let Some(list) = promtool("list", data.path()) else { return };
    for block in &blocks {
        assert!(list.contains(&block.meta.ulid), "{list}");
    }
    let analysis = promtool("analyze", data.path()).expect("it was there a moment ago");
    assert!(analysis.contains(&format!("Block ID: {}", blocks[1].meta.ulid)), "{analysis}");
    let dump = promtool("dump", data.path()).expect("it was there a moment ago");
    let (mut dumped, histograms): (Vec<&str>, Vec<&str>) =
        dump.lines().filter(|line| line.starts_with('{')).partition(|line| line.contains("\"up\""));
    dumped.sort_unstable();
    assert_eq!(dumped, floats);
    assert_eq!(histograms.len(), 199);
}
