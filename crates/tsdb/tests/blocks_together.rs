//! Several blocks as one store: external labels, replicas, overlaps, deletions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use promqlite_model::{Matcher, SampleBuf, TimeRange, Timestamp};
use promqlite_storage::{MemStore, SelectRequest, Storage};
use promqlite_tsdb::{
    Block, BlockMeta, BlockStore, Downsample, OpenOptions, Thanos, TsdbError, WriteOptions, write_blocks,
};

/// A block with series `{__name__="m", l=…}` that have `value` at the times told, in seconds.
fn write(data: &Path, created: i64, series: &[(&str, &[i64])], value: f64) -> PathBuf {
    let store = MemStore::new();
    for (l, times) in series {
        let id = store.series_of([("__name__", "m"), ("l", *l)]);
        times.iter().for_each(|t| {
            store.append(id, t * 1000, value);
        });
    }
    let options = WriteOptions::new(Timestamp(created));
    write_blocks(data, &store, &[], TimeRange::ALL, &options).unwrap().remove(0).path
}

fn set_thanos(block: &Path, labels: &[(&str, &str)], resolution: i64) {
    let mut meta = BlockMeta::read(block).unwrap();
    meta.thanos = Some(Thanos {
        labels: labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        downsample: Downsample { resolution },
        source: "sidecar".to_owned(),
    });
    fs::write(block.join("meta.json"), meta.to_json()).unwrap();
}

fn open(blocks: &[&PathBuf], options: &OpenOptions) -> BlockStore {
    BlockStore::new(blocks.iter().map(|block| Block::open(block, options).unwrap()).collect())
}

/// Labels, then times in seconds with values.
fn select(store: &BlockStore, matchers: &[Matcher]) -> BTreeMap<String, Vec<(i64, f64)>> {
    let selection = store.select(&SelectRequest::new(matchers, TimeRange::ALL)).unwrap();
    let mut buf = SampleBuf::default();
    let one = |i: usize| {
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        let pairs = samples.times.iter().map(|t| t / 1000).zip(samples.values.iter().copied()).collect();
        (selection.labels(i).display(store.symbols()), pairs)
    };
    let rows: Vec<_> = (0..selection.len()).map(one).collect();
    assert!(rows.is_sorted_by(|a, b| a.0 < b.0), "{rows:?}");
    rows.into_iter().collect()
}

#[test]
fn external_labels_are_put_on_every_series() {
    let data = tempfile::tempdir().unwrap();
    let block = write(data.path(), 0, &[("a", &[1]), ("b", &[1])], 1.0);
    set_thanos(&block, &[("cluster", "x"), ("__org_id__", "t")], 0);
    let store = open(&[&block], &OpenOptions::default());
    let all = select(&store, &[]);
    assert_eq!(
        all.keys().collect::<Vec<_>>(),
        [r#"{__name__="m", cluster="x", l="a"}"#, r#"{__name__="m", cluster="x", l="b"}"#]
    );
    assert_eq!(select(&store, &[Matcher::equal("cluster", "x"), Matcher::equal("l", "b")]).len(), 1);
    assert!(select(&store, &[Matcher::equal("cluster", "")]).is_empty());
    assert_eq!(store.label_names(&[], TimeRange::ALL).unwrap(), ["__name__", "cluster", "l"]);
    assert_eq!(store.label_values("cluster", &[], TimeRange::ALL).unwrap(), ["x"]);
    assert_eq!(store.label_values("l", &[], TimeRange::ALL).unwrap(), ["a", "b"]);
    assert_eq!(store.blocks().next().unwrap().info().external_labels, [("cluster".into(), "x".into())]);
}

/// An external label replaces one of the same name, which can make series equal.
#[test]
fn external_labels_win() {
    let data = tempfile::tempdir().unwrap();
    let block = write(data.path(), 0, &[("a", &[1, 3]), ("b", &[2, 3])], 1.0);
    set_thanos(&block, &[("l", "z")], 0);
    let store = open(&[&block], &OpenOptions::default());
    let want = [(r#"{__name__="m", l="z"}"#.to_owned(), vec![(1, 1.0), (2, 1.0), (3, 1.0)])];
    assert_eq!(select(&store, &[]), want.clone().into());
    assert_eq!(select(&store, &[Matcher::equal("l", "z")]), want.into());
    assert!(select(&store, &[Matcher::equal("l", "a")]).is_empty());
}

#[test]
fn replicas_stay_apart_or_stand_in_for_each_other() {
    let data = tempfile::tempdir().unwrap();
    let a = write(data.path(), 0, &[("x", &[0, 15, 30, 90])], 1.0);
    let b = write(data.path(), 1, &[("x", &[5, 20, 35, 50, 65, 80]), ("only b", &[5, 20])], 2.0);
    set_thanos(&a, &[("replica", "a")], 0);
    set_thanos(&b, &[("replica", "b")], 0);
    assert_eq!(select(&open(&[&a, &b], &OpenOptions::default()), &[]).len(), 3);
    let options = OpenOptions { replica_labels: vec!["replica".to_owned()], ..OpenOptions::default() };
    let both = select(&open(&[&a, &b], &options), &[]);
    let one = [(0, 1.0), (15, 1.0), (30, 1.0), (50, 2.0), (65, 2.0), (80, 2.0)];
    assert_eq!(both[r#"{__name__="m", l="x"}"#], one);
    assert_eq!(both[r#"{__name__="m", l="only b"}"#], [(5, 2.0), (20, 2.0)]);
}

#[test]
fn where_blocks_overlap_the_newer_one_wins() {
    let data = tempfile::tempdir().unwrap();
    let old = write(data.path(), 1_000, &[("x", &[0, 10, 20, 30]), ("old", &[5])], 1.0);
    let new = write(data.path(), 2_000, &[("x", &[10, 15, 20]), ("new", &[5])], 2.0);
    for blocks in [[&old, &new], [&new, &old]] {
        let all = select(&open(&blocks, &OpenOptions::default()), &[]);
        assert_eq!(all.len(), 3);
        let want = [(0, 1.0), (10, 2.0), (15, 2.0), (20, 2.0), (30, 1.0)];
        assert_eq!(all[r#"{__name__="m", l="x"}"#], want);
    }
}

#[test]
fn downsampled_blocks_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let block = write(data.path(), 0, &[("x", &[0])], 1.0);
    set_thanos(&block, &[], 300_000);
    let error = Block::open(&block, &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, TsdbError::Unsupported { .. }));
    let text = error.to_string();
    assert!(text.contains("downsampled") && text.contains("300 s") && text.contains("raw block"), "{text}");
}

#[test]
fn blocks_out_of_range_are_not_asked() {
    let data = tempfile::tempdir().unwrap();
    let (early, late) =
        (write(data.path(), 0, &[("x", &[0, 60])], 1.0), write(data.path(), 1, &[("x", &[9_000])], 2.0));
    let store = open(&[&early, &late], &OpenOptions::default());
    assert_eq!(store.time_range(), Some(TimeRange::new(0, 9_000_000)));
    let range = TimeRange::new(8_999_000, 9_000_000);
    let selection = store.select(&SelectRequest::new(&[], range)).unwrap();
    let mut buf = SampleBuf::default();
    assert_eq!(selection.samples(0, range, &mut buf).unwrap().times, [9_000_000]);
    assert_eq!((selection.len(), selection.stats().chunks), (1, 1));
}

#[test]
fn no_block_is_written_into_a_block() {
    let data = tempfile::tempdir().unwrap();
    let block = write(data.path(), 0, &[("x", &[0])], 1.0);
    let store = BlockStore::open(&block, &OpenOptions::default()).unwrap();
    let options = WriteOptions::new(Timestamp(0));
    let error = write_blocks(&block, &store, &[], TimeRange::ALL, &options).unwrap_err().to_string();
    assert!(error.contains("this folder is a block"), "{error}");
    assert_eq!(fs::read_dir(&block).unwrap().count(), 4);
}

#[test]
fn a_written_block_is_told_apart_from_what_is_there() {
    let data = tempfile::tempdir().unwrap();
    let first = write(data.path(), 7, &[("x", &[0])], 1.0);
    let second = write(data.path(), 7, &[("x", &[0])], 1.0);
    assert_ne!(first, second);
    let names: Vec<_> = fs::read_dir(data.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2);
    let meta = BlockMeta::read(&first).unwrap();
    assert_eq!(first.file_name().unwrap().to_str(), Some(&*meta.ulid));
    assert_eq!((meta.min_time, meta.max_time, meta.stats.num_samples), (0, 1, 1));
    assert_eq!((meta.compaction.level, meta.compaction.sources), (1, vec![meta.ulid]));
}

#[test]
fn blocks_begin_and_end_on_the_clock_even_at_the_ends_of_time() {
    let data = tempfile::tempdir().unwrap();
    let store = MemStore::new();
    let id = store.series_of([("__name__", "m")]);
    let hours = |h: i64| h * 3_600_000;
    let times = [i64::MIN, i64::MIN + hours(2), -1, 0, hours(2) - 1, hours(2), i64::MAX - 1];
    times.iter().for_each(|&t| {
        store.append(id, t, 1.0);
    });
    let options = WriteOptions::new(Timestamp(0));
    let written = write_blocks(data.path(), &store, &[], TimeRange::ALL, &options).unwrap();
    let ranges: Vec<_> = written.iter().map(|w| (w.meta.min_time, w.meta.max_time - 1)).collect();
    let alone = |t| (t, t);
    let want = [
        alone(i64::MIN),
        alone(i64::MIN + hours(2)),
        alone(-1),
        (0, hours(2) - 1),
        alone(hours(2)),
        alone(i64::MAX - 1),
    ];
    assert_eq!(ranges, want);
    let range = TimeRange::new(0, hours(2) - 1);
    let part = tempfile::tempdir().unwrap();
    let written = write_blocks(part.path(), &store, &[], range, &options).unwrap();
    assert_eq!((written.len(), written[0].meta.stats.num_samples), (1, 2));

    store.append(id, i64::MAX, 1.0);
    let error = write_blocks(data.path(), &store, &[], TimeRange::ALL, &options).unwrap_err();
    assert!(error.to_string().contains("too late"), "{error}");
    let names = fs::read_dir(data.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.contains("tmp")), "an unfinished block is left over");
}
