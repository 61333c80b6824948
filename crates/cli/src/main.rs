//! The `promqlite` program.
fn main() {}
