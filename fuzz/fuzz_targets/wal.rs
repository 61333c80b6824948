//! Bytes as a segment of a log: all records are decoded, and the head is loaded.
//!
//! The first byte: 1 repairs checksums, 2 makes fragments fit, 4 is strict, 8 makes it a WBL beside a whole WAL,
//! 16 adds head chunks.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use promqlite_fuzz::everything::read_everything;
use promqlite_fuzz::{fixtures, repair};
use promqlite_tsdb::head::Head;
use promqlite_tsdb::wal::{Reader, Record};
use tempfile::TempDir;

/// A folder with nothing but the segment, one with a WAL, and both with head chunks.
static FOLDERS: OnceLock<[TempDir; 4]> = OnceLock::new();

fn folder(is_wbl: bool, has_chunks: bool) -> TempDir {
    let folder = fixtures::scratch();
    let data = fixtures::tsdb_fixture("head_st/data");
    let parts = [("wal", is_wbl), ("chunks_head", has_chunks)];
    for (part, _) in parts.into_iter().filter(|(_, wanted)| *wanted) {
        fixtures::copy_folder(&data.join(part), &folder.path().join(part));
    }
    fs::create_dir_all(folder.path().join(if is_wbl { "wbl" } else { "wal" })).expect("a writable folder");
    folder
}

/// Takes every entry of every record.
fn decode(log: &Path) {
    let mut reader = Reader::open(log).expect("a folder");
    while let Some(raw) = reader.next().expect("a readable file") {
        let Ok((_, record)) = Record::decode(raw.data) else { continue };
        let entries = match record {
            Record::Series(it) => it.flatten().map(|series| series.labels.iter().count()).sum(),
            Record::Samples(it) => it.count(),
            Record::Tombstones(it) => it.count(),
            Record::Exemplars(it) => it.flatten().map(|exemplar| exemplar.labels.iter().count()).sum(),
            Record::MmapMarkers(it) => it.count(),
            Record::Metadata(it) => it.count(),
            Record::Histograms(it) => it.flatten().map(|sample| sample.histogram.view().size()).sum(),
        };
        assert!(entries <= 48 << 20, "{entries} entries of one record");
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((flags, bytes)) = data.split_first() else { return };
    let folders = FOLDERS
        .get_or_init(|| [folder(false, false), folder(true, false), folder(false, true), folder(true, true)]);
    let folder = folders[usize::from(flags >> 3 & 3)].path();
    let log = folder.join(if flags & 8 != 0 { "wbl" } else { "wal" });
    let mut bytes = bytes.to_vec();
    if flags & 1 != 0 {
        repair::segment(&mut bytes, flags & 2 != 0);
    }
    fs::write(log.join("00000000"), &bytes).expect("a writable folder");
    decode(&log);
    if let Ok(head) = Head::load(folder, i64::MIN, flags & 4 != 0) {
        let _ = read_everything(head.store());
    }
});
