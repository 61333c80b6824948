//! The commands of the README print what it shows.

use super::{root, transcripts};

#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    let blocks: Vec<&str> = readme
        .split("```console\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("invariant: splitting gives a first part"))
        .collect();
    assert!(blocks.len() >= 5, "the README has examples");
    for block in blocks {
        if let Err(difference) = transcripts::compare(block, &transcripts::replay(block)) {
            panic!("README.md: {difference}");
        }
    }
}
