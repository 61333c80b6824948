//! The storage suite over blocks that were written and opened again.

use std::path::Path;
use std::sync::Arc;

use promqlite_model::{Labels, Matcher, Symbols, TimeRange, Timestamp};
use promqlite_storage::conformance::{self, FixtureSeries, FixtureValue};
use promqlite_storage::{MemStore, SelectRequest, Selection, Storage, StorageError};
use promqlite_tsdb::{Block, BlockStore, OpenOptions, WriteOptions, write_blocks};

fn memory(fixture: &[FixtureSeries]) -> MemStore {
    let store = MemStore::new();
    for series in fixture {
        let id = store.series_of(series.label_pairs());
        for sample in &series.samples {
            match &sample.value {
                FixtureValue::Float(v) => store.append(id, sample.t_ms, *v),
                FixtureValue::Histogram(h) => store.append_histogram(id, sample.t_ms, h.view()),
            };
        }
    }
    store
}

fn write(store: &MemStore, data: &Path, range: TimeRange, created: i64, block_ms: i64) {
    let options = WriteOptions { block_ms, ..WriteOptions::new(Timestamp(created)) };
    write_blocks(data, store, &[], range, &options).unwrap();
}

fn open(data: &Path, options: &OpenOptions) -> BlockStore {
    let blocks = match std::fs::read_dir(data) {
        Ok(entries) => entries.map(|e| Block::open(&e.unwrap().path(), options).unwrap()).collect(),
        Err(_) => Vec::new(),
    };
    BlockStore::new(blocks)
}

/// A store with the folder that its files are in.
struct Kept {
    store: BlockStore,
    _folder: tempfile::TempDir,
}

impl Storage for Kept {
    fn symbols(&self) -> &Arc<Symbols> {
        self.store.symbols()
    }
    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        self.store.select(request)
    }
    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        self.store.label_names(matchers, range)
    }
    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_values(name, matchers, range)
    }
    fn time_range(&self) -> Option<TimeRange> {
        self.store.time_range()
    }
}

fn suite(options: &OpenOptions, write: impl Fn(&MemStore, &Path)) {
    conformance::run_with(conformance::Options::default().without_reset_hints(), |fixture| {
        let folder = tempfile::tempdir().unwrap();
        write(&memory(fixture), folder.path());
        Box::new(Kept { store: open(folder.path(), options), _folder: folder })
    });
}

#[test]
fn blocks_of_two_hours() {
    suite(&OpenOptions::default(), |store, data| write(store, data, TimeRange::ALL, 0, 7_200_000));
}

#[test]
fn blocks_of_five_minutes_in_memory() {
    let options = OpenOptions { copy_files: true, ..OpenOptions::default() };
    suite(&options, |store, data| write(store, data, TimeRange::ALL, 0, 300_000));
}

/// Three overlapping sets of blocks that hold everything together, some of it thrice.
#[test]
fn blocks_that_overlap() {
    suite(&OpenOptions::default(), |store, data| {
        write(store, data, TimeRange::ALL, 0, 7_200_000);
        write(store, data, TimeRange::new(20_000, 200_000), 1, 100_000);
        write(store, data, TimeRange::new(i64::MIN, 101_000), 2, 3_600_000);
    });
}

/// Labels survive with their order whatever the table of symbols was like before.
#[test]
fn a_written_block_is_written_the_same_again() {
    let store = MemStore::new();
    for (i, value) in ["b", "a", "c"].into_iter().enumerate() {
        let id = store.series_of([("__name__", "m"), ("l", value), ("__name__x", "y")]);
        (0..500).for_each(|t| {
            store.append(id, t * 15_000, t as f64 * i as f64);
        });
    }
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(&store, first.path(), TimeRange::ALL, 0, 7_200_000);
    let read = open(first.path(), &OpenOptions::default());
    let options = WriteOptions::new(Timestamp(0));
    write_blocks(second.path(), &read, &[], TimeRange::ALL, &options).unwrap();
    let files = |data: &Path| {
        let mut blocks: Vec<_> = std::fs::read_dir(data).unwrap().map(|e| e.unwrap().path()).collect();
        blocks.sort();
        let read =
            |p: std::path::PathBuf| ["index", "chunks/000001"].map(|f| std::fs::read(p.join(f)).unwrap());
        blocks.into_iter().map(read).collect::<Vec<_>>()
    };
    assert_eq!(files(first.path()).len(), 2);
    assert!(files(first.path()) == files(second.path()));
    let selection = read.select(&SelectRequest::new(&[], TimeRange::ALL)).unwrap();
    let labels: Vec<String> = (0..3).map(|i| Labels::display(selection.labels(i), read.symbols())).collect();
    assert_eq!(labels[0], r#"{__name__="m", __name__x="y", l="a"}"#);
}
