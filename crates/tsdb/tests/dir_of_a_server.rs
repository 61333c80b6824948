//! The data directory of a running server against the block that it made of the same samples later.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use promqlite_model::{SampleBuf, TimeRange};
use promqlite_storage::{SelectRequest, Storage};
use promqlite_tsdb::{DataDir, DirKind, OpenOptions};

/// Times and bits of values by series.
type Content = HashMap<String, Vec<(i64, u64)>>;

fn shared(what: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(what);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

fn content(storage: &dyn Storage) -> Content {
    let selection = storage.select(&SelectRequest::new(&[], TimeRange::ALL)).unwrap();
    let mut buf = SampleBuf::default();
    let series = |i| {
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        let pairs = samples.times.iter().zip(samples.values).map(|(&t, value)| (t, value.to_bits()));
        (selection.labels(i).display(storage.symbols()), pairs.collect())
    };
    (0..selection.len()).map(series).collect()
}

#[test]
fn live_and_snapshot_agree_bit_for_bit() {
    let (Some(live), Some(snapshot)) = (shared("live"), shared("snapshot")) else { return };
    let live = DataDir::open(&live, &OpenOptions::default()).unwrap();
    let snapshot = DataDir::open(&snapshot, &OpenOptions::default()).unwrap();
    assert_eq!((live.report().kind, snapshot.report().kind), (DirKind::Data, DirKind::Blocks));
    assert!(live.report().warnings().is_empty() && snapshot.report().warnings().is_empty());
    let (live_end, snapshot_end) =
        (live.storage().time_range().unwrap().end, snapshot.storage().time_range().unwrap().end);
    let until = live_end.min(snapshot_end).0;
    let (live, snapshot) = (content(&*live.storage()), content(&*snapshot.storage()));
    let mut samples = 0;
    for (labels, from_wal) in &live {
        let Some(from_block) = snapshot.get(labels) else { continue };
        let both = |samples: &[(i64, u64)]| samples.iter().take_while(|(t, _)| *t <= until).count();
        assert_eq!(from_wal[..both(from_wal)], from_block[..both(from_block)], "{labels}");
        samples += both(from_wal);
    }
    assert!(live.keys().filter(|labels| !snapshot.contains_key(*labels)).count() == 0);
    println!("{} and {} series, {samples} samples in both", live.len(), snapshot.len());
    assert!(samples > 700_000, "{samples} samples");
}

#[test]
fn the_report_of_a_running_server_tells_what_there_is() {
    let Some(live) = shared("live") else { return };
    let data = DataDir::open(&live, &OpenOptions { strict: true, ..OpenOptions::default() }).unwrap();
    let head = data.report().head.as_ref().unwrap();
    assert_eq!((head.wal.segments, head.head_chunks.files), (1, 1));
    assert_eq!(head.samples, head.wal.float_samples);
    assert!(head.wal.damage.iter().all(|damage| damage.torn));
    assert!(data.report().blocks.is_empty() && data.count_encodings().unwrap().is_empty());
}
