//! Transcripts: what the shell shows when it runs commands.
//!
//! A file holds commands (`$ …`), each followed by its standard output, then its standard error (lines behind
//! `2> `), then its exit code (`[exit N]`) if that is not 0. A `[..]` stands for any text in a line. With
//! `UPDATE_TRANSCRIPTS=1` in the environment the files are written anew; numbers in them must be checked by hand.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::{clean, root};

#[test]
fn transcripts() {
    let update = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let directory = root().join("tests/cli/transcripts");
    let mut failed = Vec::new();
    let mut ran = 0;
    for entry in fs::read_dir(directory).expect("the directory of transcripts") {
        let path = entry.expect("an entry").path();
        ran += 1;
        if let Err(difference) = check(&path, update) {
            failed.push(format!("{}:\n{difference}", path.display()));
        }
    }
    assert!(ran > 0, "there are no transcripts");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn check(path: &Path, update: bool) -> Result<(), String> {
    let expected = fs::read_to_string(path).expect("a transcript");
    let actual = replay(&expected);
    if update {
        fs::write(path, keep_wildcards(&expected, &actual)).expect("a writable transcript");
        return Ok(());
    }
    compare(&expected, &actual)
}

/// The first difference of a transcript and what really happens, if any.
pub(crate) fn compare(expected: &str, actual: &str) -> Result<(), String> {
    let (mut wanted, mut got) = (expected.trim_end().lines(), actual.trim_end().lines());
    for number in 1.. {
        match (wanted.next(), got.next()) {
            (None, None) => return Ok(()),
            (Some(wanted), Some(got)) if matches(wanted, got) => {}
            (wanted, got) => {
                let end = "the end";
                return Err(format!(
                    "line {number}:\n  expected {}\n  got      {}\n\nall of it:\n{actual}",
                    wanted.unwrap_or(end),
                    got.unwrap_or(end)
                ));
            }
        }
    }
    unreachable!("invariant: a text has an end")
}

/// Runs all commands of a transcript and writes down what happens. Headings (`## `) and what stands before the
/// first command stay.
pub(crate) fn replay(transcript: &str) -> String {
    let mut out = String::new();
    let mut in_output = false;
    for line in transcript.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let _ = writeln!(out, "{line}");
            out.push_str(&run(command));
            in_output = true;
        } else if line.starts_with("## ") {
            let _ = writeln!(out, "{line}");
            in_output = false;
        } else if !in_output {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn run(command: &str) -> String {
    let output = clean("sh").args(["-c", command]).output().expect("a shell");
    let mut shown = String::from_utf8(output.stdout).expect("text on standard output");
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push_str("⏎\n");
    }
    for line in String::from_utf8(output.stderr).expect("text on standard error").lines() {
        let _ = writeln!(shown, "{}", format!("2> {line}").trim_end());
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => shown.push_str(&format!("[exit {code}]\n")),
        None => shown.push_str("[killed]\n"),
    }
    shown + "\n"
}

/// Whether a line is as expected; `[..]` stands for any text.
fn matches(wanted: &str, got: &str) -> bool {
    let mut parts = wanted.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = got.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Keeps the lines of the old transcript that are still right.
fn keep_wildcards(old: &str, new: &str) -> String {
    let wildcards: Vec<&str> = old.lines().filter(|line| line.contains("[..]")).collect();
    let keep = |line| wildcards.iter().find(|wildcard| matches(wildcard, line)).copied().unwrap_or(line);
    new.lines().map(|line| format!("{}\n", keep(line))).collect()
}

#[test]
fn wildcards_match_any_text() {
    assert!(matches("a[..]c[..]e", "abbcde"));
    assert!(matches("a", "a") && matches("[..]", ""));
    assert!(!matches("a[..]c", "ab") && !matches("a", "ab") && !matches("[..]b", "a"));
}
