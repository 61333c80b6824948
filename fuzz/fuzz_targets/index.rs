//! Bytes as the index of a block whose other files are whole.
//!
//! The first byte: 1 repairs checksums, 2 maps the file rather than copying it.
#![no_main]

use std::fs;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use promqlite_fuzz::everything::read_everything;
use promqlite_fuzz::{fixtures, repair};
use promqlite_tsdb::{BlockStore, OpenOptions};
use tempfile::TempDir;

static FOLDER: OnceLock<TempDir> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let Some((flags, bytes)) = data.split_first() else { return };
    let folder = FOLDER.get_or_init(|| {
        let folder = fixtures::scratch();
        fixtures::copy_folder(&fixtures::tsdb_fixture("plain"), folder.path());
        folder
    });
    let mut bytes = bytes.to_vec();
    if flags & 1 != 0 {
        repair::index(&mut bytes);
    }
    fs::write(folder.path().join("index"), &bytes).expect("a writable folder");
    let options = OpenOptions { copy_files: flags & 2 == 0, ..OpenOptions::default() };
    if let Ok(store) = BlockStore::open(folder.path(), &options) {
        let _ = read_everything(&store);
    }
});
