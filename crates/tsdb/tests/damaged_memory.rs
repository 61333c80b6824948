//! Whatever is damaged in a block, a WAL segment or a file of head chunks, reading it never takes memory that its size
//! cannot explain: no length or count of a file is believed before it is compared with what is there.
//!
//! Alone in its program, since it counts what all of the program allocates.

use std::fs;
use std::path::{Path, PathBuf};

use peak_alloc::PeakAlloc;
use promqlite_model::{SampleBuf, TimeRange, Timestamp};
use promqlite_storage::{MemStore, SelectRequest};
use promqlite_tsdb::{DataDir, OpenOptions, TsdbError, WriteOptions, write_blocks};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What reading damaged data may allocate at most, in bytes.
const MOST: usize = 64 << 20;

/// So many places between start and end of each file are tried, each with a cut and with other bytes.
const PLACES: usize = 10;

/// Bytes at the start and the end of each file that are all tried: magic numbers, first lengths, tables of contents.
const START: usize = 12;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { _ = fs::copy(&path, &target).unwrap() }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// Opens the folder and reads all of it; the number of samples.
fn read(folder: &Path, copy_files: bool) -> Result<usize, TsdbError> {
    let data = DataDir::open(folder, &OpenOptions { copy_files, ..OpenOptions::default() })?;
    let storage = data.storage();
    let selection = storage.select(&SelectRequest::new(&[], TimeRange::ALL))?;
    let mut buf = SampleBuf::default();
    let mut samples = 0;
    for i in 0..selection.len() {
        samples += selection.samples(i, TimeRange::ALL, &mut buf)?.len();
    }
    storage.label_names(&[], TimeRange::ALL)?;
    data.count_encodings()?;
    Ok(samples)
}

/// Fails if reading `folder` allocates more than [`MOST`] at once beyond what was there before.
fn check_memory(folder: &Path, copy_files: bool, what: &str) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    // Whether it is an error is other tests' business.
    drop(read(folder, copy_files));
    let took = MEMORY.peak_usage().saturating_sub(before);
    assert!(took <= MOST, "{what}: {took} bytes were allocated");
}

/// Damages every file below `folder`.
fn damage_all(folder: &Path) {
    assert!(read(folder, false).unwrap() > 100);
    for file in files(folder) {
        let whole = fs::read(&file).unwrap();
        let stride = (whole.len() / PLACES).max(1);
        let end = whole.len().saturating_sub(START)..whole.len();
        let places = (0..whole.len().min(START)).chain((START..end.start).step_by(stride)).chain(end);
        for at in places {
            fs::write(&file, &whole[..at]).unwrap();
            check_memory(folder, at % 2 == 0, &format!("{} cut at {at}", file.display()));
            let mut damaged = whole.clone();
            for value in [0xff, whole[at] ^ 0x40] {
                damaged[at] = value;
                fs::write(&file, &damaged).unwrap();
                check_memory(folder, at % 2 == 0, &format!("{} with {value:#x} at {at}", file.display()));
            }
        }
        fs::write(&file, &whole).unwrap();
    }
}

fn block(folder: &Path) {
    let store = MemStore::new();
    for name in ["a", "b", "c"] {
        let id = store.series_of([("__name__", name), ("job", "api")]);
        for k in 0..130 {
            store.append(id, k * 15_000, (k / 7) as f64);
        }
    }
    write_blocks(folder, &store, &[], TimeRange::ALL, &WriteOptions::new(Timestamp(0))).unwrap();
}

#[test]
fn damage_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    block(folder.path());
    damage_all(folder.path());

    // Heads of Prometheus itself: snappy and zstd, all types of records, out-of-order samples.
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in ["head_zstd", "head_st"] {
        let folder = tempfile::tempdir().unwrap();
        for part in ["wal", "wbl", "chunks_head"] {
            copy(&fixtures.join(name).join("data").join(part), &folder.path().join(part));
        }
        damage_all(folder.path());
    }
}
