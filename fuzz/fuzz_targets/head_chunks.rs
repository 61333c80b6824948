//! Bytes as a file of head chunks, beside a WAL that knows series.
//!
//! The first byte: 1 repairs checksums, 2 is strict, 4 makes it one of several files.
#![no_main]

use std::fs;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use promqlite_fuzz::everything::read_everything;
use promqlite_fuzz::{fixtures, repair};
use promqlite_tsdb::head::Head;
use tempfile::TempDir;

static FOLDERS: OnceLock<[TempDir; 2]> = OnceLock::new();

fn folder(has_more: bool) -> TempDir {
    let folder = fixtures::scratch();
    let data = fixtures::tsdb_fixture("head_st/data");
    // The checkpoint has the series.
    let checkpoint = "wal/checkpoint.00000002";
    fixtures::copy_folder(&data.join(checkpoint), &folder.path().join(checkpoint));
    let chunks = folder.path().join("chunks_head");
    if has_more {
        fixtures::copy_folder(&data.join("chunks_head"), &chunks);
    }
    fs::create_dir_all(chunks).expect("a writable folder");
    folder
}

fuzz_target!(|data: &[u8]| {
    let Some((flags, bytes)) = data.split_first() else { return };
    let folders = FOLDERS.get_or_init(|| [folder(false), folder(true)]);
    let folder = folders[usize::from(flags >> 2 & 1)].path();
    let mut bytes = bytes.to_vec();
    if flags & 1 != 0 {
        repair::head_chunks(&mut bytes);
    }
    fs::write(folder.join("chunks_head/000004"), &bytes).expect("a writable folder");
    if let Ok(head) = Head::load(folder, i64::MIN, flags & 2 != 0) {
        let _ = read_everything(head.store());
    }
});
