//! Data directories that are made, disturbed and opened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use promqlite_model::{SampleBuf, TimeRange, Timestamp};
use promqlite_storage::{MemStore, SelectRequest, Storage};
use serde_json::{Value as Json, json};

use super::*;
use crate::wal::testing::{Compression, SegmentWriter, samples_record, series_record};
use crate::write::{WriteOptions, write_blocks};

const HOUR: i64 = 3_600_000;

/// Times and values by series.
type Content = BTreeMap<String, Vec<(i64, f64)>>;

fn content(storage: &dyn Storage) -> Content {
    let selection = storage.select(&SelectRequest::new(&[], TimeRange::ALL)).expect("a sound store");
    let mut buf = SampleBuf::default();
    let series = |i| {
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).expect("a sound store");
        let pairs = samples.times.iter().copied().zip(samples.values.iter().copied()).collect();
        (selection.labels(i).display(storage.symbols()), pairs)
    };
    (0..selection.len()).map(series).collect()
}

/// Writes a block of one series of some samples; the block's folder.
fn block(folder: &Path, name: &str, samples: &[(i64, f64)], created: i64) -> PathBuf {
    let store = MemStore::new();
    let series = store.series_of([("__name__", name)]);
    samples.iter().for_each(|&(t, value)| _ = store.append(series, t, value));
    let options = WriteOptions::new(Timestamp(created));
    let written = write_blocks(folder, &store, &[], TimeRange::ALL, &options).expect("a block");
    assert_eq!(written.len(), 1, "samples of one block");
    written[0].path.clone()
}

fn edit_meta(block: &Path, edit: impl FnOnce(&mut Json)) {
    let path = block.join("meta.json");
    let mut meta: Json = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    edit(&mut meta);
    fs::write(path, meta.to_string()).expect("a file");
}

fn ulid(block: &Path) -> String {
    block.file_name().expect("a name").to_string_lossy().into_owned()
}

/// A WAL of one series, `up`.
fn wal(folder: &Path, samples: &[(i64, f64)]) {
    let samples: Vec<_> = samples.iter().map(|&(t, value)| (1, t, value)).collect();
    let mut writer = SegmentWriter::default();
    writer.record(&series_record(&[(1, &[("__name__", "up")])]), Compression::Snappy);
    writer.record(&samples_record(&samples), Compression::Snappy);
    fs::create_dir_all(folder.join("wal")).expect("a folder");
    fs::write(folder.join("wal/00000000"), writer.bytes()).expect("a file");
}

fn open(path: &Path) -> DataDir {
    DataDir::open(path, &OpenOptions::default()).expect("a data directory")
}

fn strict() -> OpenOptions {
    OpenOptions { strict: true, ..OpenOptions::default() }
}

fn reasons(data: &DataDir) -> Vec<SkipReason> {
    data.report().skipped.iter().map(|skipped| skipped.reason).collect()
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn folders_are_told_apart() {
    let folder = temporary();
    let path = folder.path();
    assert!(!is_data_directory(path) && !is_data_directory(&path.join("nothing")));
    let error = DataDir::open(path, &OpenOptions::default()).expect_err("an empty folder").to_string();
    assert!(error.contains("this is no data directory"), "{error}");
    let block = block(path, "up", &[(1, 1.0)], 1);
    let kind = |path: &Path| {
        assert!(is_data_directory(path));
        assert_eq!(open(path).report().kind, DirKind::of(path).expect("a folder").expect("a kind"));
        open(path).report().kind
    };
    assert_eq!((kind(&block), kind(path)), (DirKind::Block, DirKind::Blocks));
    wal(path, &[(2 * HOUR, 2.0)]);
    assert_eq!(kind(path), DirKind::Data);
    let agent = temporary();
    wal(agent.path(), &[(1, 1.0)]);
    assert_eq!(kind(agent.path()), DirKind::Agent);
    assert!(!is_data_directory(&block.join("index")));
}

#[test]
fn blocks_and_head_are_one() {
    let folder = temporary();
    block(folder.path(), "up", &[(1, 1.0), (HOUR, 2.0)], 1);
    wal(folder.path(), &[(1, 7.0), (HOUR, 8.0), (2 * HOUR, 3.0), (3 * HOUR, 4.0)]);
    let data = open(folder.path());
    let wanted = vec![(1, 1.0), (HOUR, 2.0), (2 * HOUR, 3.0), (3 * HOUR, 4.0)];
    assert_eq!(content(&*data.storage()), [("{__name__=\"up\"}".to_owned(), wanted)].into());
    let head = data.report().head.as_ref().expect("a head");
    assert_eq!((head.samples, head.dropped.in_blocks), (2, 2));
    assert_eq!(data.storage().time_range(), Some(TimeRange::new(1, 3 * HOUR)));
    assert_eq!(data.count_encodings().expect("sound chunks"), [(Encoding::Xor, 1)].into());
    assert!(data.report().warnings().is_empty());
}

#[test]
fn opening_can_be_cancelled() {
    let blocks = temporary();
    block(blocks.path(), "up", &[(1, 1.0)], 1);
    let agent = temporary();
    wal(agent.path(), &[(1, 1.0)]);
    let cancel = Arc::new(AtomicBool::new(false));
    let options = OpenOptions { cancel: Some(Arc::clone(&cancel)), ..OpenOptions::default() };
    for folder in [blocks.path(), agent.path()] {
        cancel.store(false, Ordering::Relaxed);
        assert!(DataDir::open(folder, &options).is_ok());
        cancel.store(true, Ordering::Relaxed);
        assert!(matches!(DataDir::open(folder, &options), Err(TsdbError::Cancelled)));
    }
}

#[test]
fn blocks_of_out_of_order_samples_do_not_hide_the_head() {
    let folder = temporary();
    let late = block(folder.path(), "up", &[(1, 1.0), (HOUR, 2.0)], 1);
    edit_meta(&late, |meta| meta["compaction"]["hints"] = json!(["from-out-of-order"]));
    wal(folder.path(), &[(2, 7.0), (HOUR, 8.0)]);
    let wanted = vec![(1, 1.0), (2, 7.0), (HOUR, 2.0)];
    assert_eq!(content(&*open(folder.path()).storage()), [("{__name__=\"up\"}".to_owned(), wanted)].into());
}

#[test]
fn what_a_server_has_not_finished_is_passed_over() {
    let folder = temporary();
    block(folder.path(), "up", &[(1, 1.0)], 1);
    let gone = block(folder.path(), "old", &[(1, 1.0)], 2);
    fs::rename(&gone, folder.path().join(format!("{}.tmp-for-deletion", ulid(&gone)))).expect("a folder");
    fs::create_dir(folder.path().join("chunk_snapshot.000012.0000000345")).expect("a folder");
    fs::write(folder.path().join("lock"), "").expect("a file");
    let data = DataDir::open(folder.path(), &strict()).expect("nothing is damaged");
    assert_eq!(reasons(&data), [SkipReason::Temporary, SkipReason::Redundant]);
    assert_eq!(content(&*data.storage()).len(), 1);
    assert!(data.report().warnings().is_empty());
}

#[test]
fn a_damaged_block_costs_that_block() {
    let folder = temporary();
    block(folder.path(), "up", &[(1, 1.0)], 1);
    let half = block(folder.path(), "half", &[(1, 1.0)], 2);
    fs::remove_file(half.join("meta.json")).expect("a file");
    let cut = block(folder.path(), "cut", &[(1, 1.0)], 3);
    fs::write(cut.join("index"), [1, 2, 3]).expect("a file");
    let coarse = block(folder.path(), "coarse", &[(1, 1.0)], 4);
    edit_meta(&coarse, |meta| meta["thanos"] = json!({"labels": {}, "downsample": {"resolution": 300_000}}));
    let data = open(folder.path());
    assert_eq!(reasons(&data), [SkipReason::Unreadable, SkipReason::Unreadable, SkipReason::Unsupported]);
    assert_eq!(data.report().blocks.len(), 1);
    let warnings = data.report().warnings();
    assert!(warnings[0].contains(&ulid(&half)) && warnings[2].contains("downsampled"), "{warnings:?}");
    let selection = data.storage().select(&SelectRequest::new(&[], TimeRange::ALL)).expect("a store");
    assert_eq!((selection.warnings(), selection.len()), (warnings, 1));
    assert!(DataDir::open(folder.path(), &strict()).is_err());
    for bad in [&half, &cut, &coarse] {
        assert!(DataDir::open(bad, &OpenOptions::default()).is_err());
    }
    for damaged in [half, cut] {
        fs::remove_dir_all(damaged).expect("a block");
    }
    // Nor is a block that is merely of no use passed over in silence.
    let error = DataDir::open(folder.path(), &strict()).expect_err("a downsampled block");
    assert!(error.to_string().contains("downsampled"), "{error}");
}

#[test]
fn a_half_copied_block_costs_that_block() {
    let folder = temporary();
    block(folder.path(), "up", &[(1, 1.0)], 1);
    let half = block(folder.path(), "half", &[(1, 1.0), (2, 5.0)], 2);
    let file = half.join("chunks/000001");
    let whole = fs::read(&file).expect("a file");
    let check = |what: &str| {
        let data = open(folder.path());
        assert_eq!(content(&*data.storage()).len(), 1, "{what}");
        let warnings = data.report().warnings();
        assert!(warnings.len() == 1 && warnings[0].contains("was the block copied whole?"), "{warnings:?}");
        assert!(DataDir::open(folder.path(), &strict()).is_err(), "{what}");
    };
    for end in 8..whole.len() {
        fs::write(&file, &whole[..end]).expect("a file");
        check(&format!("cut at {end}"));
    }
    fs::remove_file(&file).expect("a file");
    check("no chunk file");
    fs::remove_dir(half.join("chunks")).expect("a folder");
    check("no chunks");
    fs::create_dir(half.join("chunks")).expect("a folder");
    fs::write(&file, &whole).expect("a file");
    assert_eq!(content(&*open(folder.path()).storage()).len(), 2);
}

#[test]
fn a_forgotten_wal_is_told_of() {
    let folder = temporary();
    block(folder.path(), "up", &[(1, 1.0)], 1);
    fs::create_dir(folder.path().join("chunks_head")).expect("a folder");
    let warnings = || open(folder.path()).report().warnings();
    assert!(warnings().is_empty());
    fs::write(folder.path().join("chunks_head/000001"), b"\x01\x30\xbc\x91\x01\0\0\0").expect("a file");
    assert!(warnings()[0].starts_with("wal: there are no segments"), "{:?}", warnings());
    wal(folder.path(), &[(HOUR, 1.0)]);
    assert!(warnings().is_empty(), "{:?}", warnings());
}

#[test]
fn a_folder_of_unreadable_blocks_is_an_error() {
    let folder = temporary();
    let only = block(folder.path(), "up", &[(1, 1.0)], 1);
    fs::write(only.join("index"), [1, 2, 3]).expect("a file");
    let error = DataDir::open(folder.path(), &OpenOptions::default()).expect_err("no block").to_string();
    assert!(error.contains("index"), "{error}");
    wal(folder.path(), &[(1, 5.0)]);
    assert_eq!(content(&*open(folder.path()).storage())["{__name__=\"up\"}"], [(1, 5.0)]);
}

#[test]
fn blocks_that_others_were_made_from_are_left_out() {
    let folder = temporary();
    let parents = [1, 2].map(|i| block(folder.path(), "up", &[(i, 99.0)], i));
    let child = block(folder.path(), "up", &[(1, 1.0), (2, 2.0)], 3);
    let listed: Vec<Json> =
        parents.iter().map(|p| json!({"ulid": ulid(p), "minTime": 0, "maxTime": 3})).collect();
    edit_meta(&child, |meta| meta["compaction"]["parents"] = json!(listed));
    let empty = block(folder.path(), "gone", &[(1, 1.0)], 4);
    edit_meta(&empty, |meta| meta["compaction"]["deletable"] = json!(true));
    let data = open(folder.path());
    assert_eq!(
        content(&*data.storage()),
        [("{__name__=\"up\"}".to_owned(), vec![(1, 1.0), (2, 2.0)])].into()
    );
    assert_eq!(reasons(&data), [SkipReason::Replaced, SkipReason::Replaced, SkipReason::Empty]);
    assert!(data.report().warnings().is_empty());

    // A child that cannot be read replaces nothing.
    fs::write(child.join("index"), []).expect("a file");
    assert_eq!(content(&*open(folder.path()).storage())["{__name__=\"up\"}"], [(1, 99.0), (2, 99.0)]);
}

#[test]
fn a_split_block_is_replaced_when_all_shards_are_there() {
    let folder = temporary();
    let parent = block(folder.path(), "up", &[(1, 1.0)], 1);
    for shard in 1..=2 {
        let child = block(folder.path(), &format!("shard{shard}"), &[(1, 1.0)], 1 + shard);
        edit_meta(&child, |meta| {
            meta["compaction"]["parents"] = json!([{"ulid": ulid(&parent), "minTime": 0, "maxTime": 2}]);
            meta["thanos"] = json!({"labels": {"__compactor_shard_id__": format!("{shard}_of_2")}});
        });
        let names: Vec<String> = content(&*open(folder.path()).storage()).into_keys().collect();
        let wanted: &[&str] = if shard == 1 { &["shard1", "up"] } else { &["shard1", "shard2"] };
        assert_eq!(names, wanted.iter().map(|name| format!("{{__name__=\"{name}\"}}")).collect::<Vec<_>>());
    }
}

#[test]
fn replicas_become_one() {
    let folder = temporary();
    for replica in ["a", "b"] {
        let path = block(folder.path(), "up", &[(1, 1.0)], if replica == "a" { 1 } else { 2 });
        edit_meta(&path, |meta| meta["thanos"] = json!({"labels": {"cluster": "c", "replica": replica}}));
    }
    assert_eq!(content(&*open(folder.path()).storage()).len(), 2);
    let options = OpenOptions { replica_labels: vec!["replica".into()], ..OpenOptions::default() };
    let data = DataDir::open(folder.path(), &options).expect("blocks");
    let wanted = ("{__name__=\"up\", cluster=\"c\"}".to_owned(), vec![(1, 1.0)]);
    assert_eq!(content(&*data.storage()), [wanted].into());
}

/// Names, sizes and times of all files.
fn state(folder: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let metadata = fs::metadata(&path).expect("an entry");
        all.push((path.clone(), metadata.len(), metadata.modified().expect("a time")));
        if metadata.is_dir() {
            all.extend(state(&path));
        }
    }
    all.sort();
    all
}

#[test]
fn nothing_is_written() {
    let folder = temporary();
    block(folder.path(), "up", &[(1, 1.0)], 1);
    wal(folder.path(), &[(3 * HOUR, 1.0)]);
    fs::write(folder.path().join("wal/00000001"), [1, 2, 3]).expect("a torn segment");
    let before = state(folder.path());
    let data = open(folder.path());
    assert_eq!(content(&*data.storage())["{__name__=\"up\"}"].len(), 2);
    assert_eq!(data.report().head.as_ref().expect("a head").damage().count(), 1);
    assert_eq!(state(folder.path()), before);
}
