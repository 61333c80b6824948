//! Rules of the code base that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file below `crates/`: its path from there, and its text without test modules.
struct Source {
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let mut files = Vec::new();
    collect(&crates, &mut files);
    assert!(files.len() > 100, "only {} source files below crates/", files.len());
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).expect("a readable source file");
            // Test modules come last in a file.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            let path = file.strip_prefix(&crates).expect("a path below crates/").display().to_string();
            Source { path, text: code }
        })
        .collect()
}

/// Rust files in `src` folders, without those of tests.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !["tests", "benches", "target", "examples"].contains(&name) {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

fn code_lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let lines = source.text.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Nothing is decided by a function's name: whatever needs to know a function knows its kernel.
#[test]
fn function_names_are_literals_in_their_own_files_only() {
    let names: Vec<String> =
        promqlite::functions::functions().iter().map(|function| format!("\"{}\"", function.name)).collect();
    let mut found = Vec::new();
    for source in sources() {
        if !["plan/", "exec/", "promqlite/"].iter().any(|part| source.path.starts_with(part)) {
            continue;
        }
        for (line, code) in code_lines(&source) {
            let hits = names.iter().filter(|name| code.contains(name.as_str()));
            found.extend(hits.map(|name| format!("{}:{line}: {name}", source.path)));
        }
    }
    // How explain prints the node of a step's time, which has no function any more.
    found.retain(|line| !(line.starts_with("plan/src/explain.rs") && line.ends_with("\"time\"")));
    assert!(found.is_empty(), "functions known by name:\n{}", found.join("\n"));
}

/// Only programs print, and only they ask for the time or the environment.
#[test]
fn libraries_do_not_talk_to_the_world() {
    let forbidden =
        ["println!", "eprintln!", "print!(", "std::env::", "SystemTime::now", "io::stdin", "tokio"];
    let mut found = Vec::new();
    let programs = ["cli/", "bench/"];
    let library = |source: &&Source| !programs.iter().any(|program| source.path.starts_with(program));
    for source in sources().iter().filter(library) {
        for (line, code) in code_lines(source) {
            let hits = forbidden.iter().filter(|word| code.contains(**word));
            found.extend(hits.map(|word| format!("{}:{line}: {word}", source.path)));
        }
    }
    found.retain(|line| !line.contains("build.rs"));
    assert!(found.is_empty(), "below the program:\n{}", found.join("\n"));
}

/// Layers point down: no crate depends on one above it.
#[test]
fn dependencies_point_down() {
    let layers = [
        "regex",
        "model",
        "syntax",
        "functions",
        "plan",
        "storage",
        "tsdb",
        "exec",
        "promqlite",
        "formats",
        "script",
        "cli",
    ];
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    for (level, layer) in layers.iter().enumerate() {
        let manifest = fs::read_to_string(crates.join(layer).join("Cargo.toml")).expect("a manifest");
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for (above, name) in layers.iter().enumerate().skip(level) {
            let name =
                if *name == "promqlite" { "promqlite".to_owned() } else { format!("promqlite-{name}") };
            let depends = dependencies
                .lines()
                .any(|line| line.split(['.', ' ', '=']).next().is_some_and(|dependency| dependency == name));
            assert!(!depends, "{layer} depends on {}, which is not below it", layers[above]);
        }
    }
}

/// Files that never change may be mapped; nothing else needs unsafe code.
#[test]
fn unsafe_code_is_in_one_place() {
    let mut found = Vec::new();
    for source in sources() {
        let lines = code_lines(&source)
            .filter(|(_, code)| code.contains("unsafe {") || code.contains("allow(unsafe"));
        found.extend(lines.map(|(line, _)| format!("{}:{line}", source.path)));
    }
    assert!(found.iter().all(|place| place.starts_with("tsdb/src/block/map.rs:")), "{}", found.join("\n"));
    assert_eq!(found.len(), 2);
}
