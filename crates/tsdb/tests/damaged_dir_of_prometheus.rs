//! Prometheus' own head files with bits flipped and ends cut off: nothing panics, and what is lost is told.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use promqlite_model::{SampleBuf, TimeRange};
use promqlite_storage::{SelectRequest, Storage};
use promqlite_tsdb::head::Head;

/// So many places of each file are tried.
const PLACES: usize = 12;

/// Where the in-order blocks of the fixtures end.
const MIN_VALID_MS: i64 = 1_700_013_600_000;

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

/// Labels, times and values of all samples.
fn content(storage: &dyn Storage) -> BTreeSet<(String, i64, String)> {
    let selection = storage.select(&SelectRequest::new(&[], TimeRange::ALL)).unwrap();
    let mut buf = SampleBuf::default();
    let mut found = BTreeSet::new();
    for i in 0..selection.len() {
        let labels = selection.labels(i).display(storage.symbols());
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        for i in 0..samples.len() {
            let value = samples.histogram(i).map_or(samples.values[i].to_string(), |h| h.to_string());
            found.insert((labels.clone(), samples.times[i], value));
        }
    }
    found
}

fn check(name: &str) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).join("data");
    let folder = tempfile::tempdir().unwrap();
    for part in ["wal", "wbl", "chunks_head"] {
        copy(&fixture.join(part), &folder.path().join(part));
    }
    let load = || Head::load(folder.path(), MIN_VALID_MS, false).unwrap();
    let whole = content(load().store());
    assert!(whole.len() > 800, "{} samples", whole.len());
    for file in files(folder.path()) {
        let bytes = fs::read(&file).unwrap();
        let stride = (bytes.len() / PLACES).max(1);
        for at in (stride / 2..bytes.len()).step_by(stride) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at / stride % 8);
            for (what, damaged) in [("flipped", &flipped[..]), ("cut", &bytes[..at])] {
                fs::write(&file, damaged).unwrap();
                let head = load();
                let found = content(head.store());
                let report = head.report();
                // What was refused or deleted may come to light when what it lost to, or what deleted it, is lost: then
                // the report must say that something is. A file that ends where a record does looks whole.
                let told = report.damage().count() > 0;
                let fine = if what == "cut" { found.is_subset(&whole) } else { found == whole };
                assert!(told || fine, "{what} at byte {at} of {}", file.display());
                let wrong = found.difference(&whole).filter(|(_, t, _)| *t < 1_690_000_000_000).count();
                assert_eq!(wrong, 0, "{what} at byte {at} of {}", file.display());
            }
        }
        fs::write(&file, &bytes).unwrap();
    }
    assert_eq!(content(load().store()), whole);
}

#[test]
fn damage_to_a_zstd_wal_and_all_around_it() {
    check("head_zstd");
}

#[test]
fn damage_to_a_wal_with_start_timestamps_and_all_around_it() {
    check("head_st");
}
