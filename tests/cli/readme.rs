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
        let shown = on_a_screen(&transcripts::replay(block));
        if let Err(difference) = transcripts::compare(&untimed(block), &shown) {
            panic!("README.md: {difference}");
        }
    }
}

/// A transcript without what a screen does not show: which stream a line came from, and exit codes.
fn on_a_screen(transcript: &str) -> String {
    let lines = transcript.lines().filter(|line| !line.starts_with("[exit "));
    untimed(&lines.map(|line| format!("{}\n", line.strip_prefix("2> ").unwrap_or(line))).collect::<String>())
}

/// Without measured times.
fn untimed(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.split(", loaded in ").next().unwrap_or(line))).collect()
}
