//! `tests/data/shop.om` of the workspace is what the generator makes.

#[path = "support/shop.rs"]
mod shop;

use std::fs;
use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/shop.om")
}

#[test]
fn the_committed_file_is_the_generated_one() {
    let text = shop::generate();
    assert!(text.len() < 1_000_000, "{} bytes", text.len());
    let committed = fs::read_to_string(path()).unwrap();
    assert!(
        committed == text,
        "tests/data/shop.om is out of date: cargo test -p promqlite-formats --test sample_data -- --ignored"
    );
}

#[test]
#[ignore = "writes tests/data/shop.om"]
fn regenerate() {
    fs::write(path(), shop::generate()).unwrap();
}
