//! Files around the one that is fuzzed.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder of fixtures of `crates/tsdb` with this name.
pub fn tsdb_fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/tsdb/tests/fixtures").join(name)
}

/// A new folder, in memory where the system has such a place.
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    folder.expect("a writable folder for scratch files")
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a writable folder");
    for entry in fs::read_dir(from).expect("a folder of fixtures") {
        let path = entry.expect("a readable folder").path();
        let copy = to.join(path.file_name().expect("a named entry"));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).expect("a readable fixture");
        }
    }
}
