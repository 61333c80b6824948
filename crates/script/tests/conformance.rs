//! Runs Prometheus' own acceptance scripts, when they are at hand, and holds the number of evals that pass in each
//! file to the floor in `tests/conformance_floor.txt`. `UPDATE_FLOOR=1` raises the floor to what passes now.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use promqlite::{EngineOptions, Rewrites};
use promqlite_script::{Command, Runner, Script, engine_options};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What came of one file: evals that passed, all evals, a text per failure.
struct Outcome {
    passed: usize,
    total: usize,
    failures: Vec<String>,
}

/// Runs a file's commands in two configurations between which no answer may differ; an eval passes if it does in
/// both.
fn run_file(path: &Path) -> Outcome {
    let text = std::fs::read_to_string(path).expect("a readable script");
    let (script, failures) = parse_what_can_be(&text);
    let total = script.evals().count() + failures.len();
    let mut outcome = Outcome { passed: 0, total, failures };
    let plain = EngineOptions {
        rewrites: Rewrites::NONE,
        batch_rows: Some(1),
        single_thread: true,
        ..engine_options()
    };
    let mut runners = [engine_options(), plain].map(Runner::new);
    for command in script.commands() {
        match command {
            Command::Clear => runners.iter_mut().for_each(Runner::clear),
            Command::Load(load) => {
                if let Err(error) = runners.iter_mut().try_for_each(|runner| runner.load(load)) {
                    outcome.failures.push(format!("load: {error}"));
                    break;
                }
            }
            Command::Eval(eval) => {
                match catch_unwind(AssertUnwindSafe(|| runners.iter().try_for_each(|r| r.eval(eval).outcome)))
                {
                    Ok(Ok(())) => outcome.passed += 1,
                    Ok(Err(failure)) => outcome.failures.push(format!("{}: {failure}", eval.name())),
                    Err(_) => outcome.failures.push(format!("{}: PANIC", eval.name())),
                }
            }
        }
    }
    outcome
}

/// Parses a script without the blocks that do not parse; those are failures.
fn parse_what_can_be(text: &str) -> (Script, Vec<String>) {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut failures = Vec::new();
    loop {
        let error = match Script::parse(&lines.join("\n")) {
            Ok(script) => return (script, failures),
            Err(error) => error,
        };
        failures.push(format!("line {}: {error}", error.line()));
        let ends_block = |line: &&str| line.trim().is_empty() || line.trim().starts_with('#');
        let at = error.line() - 1;
        let start = lines[..at].iter().rposition(ends_block).map_or(0, |end| end + 1);
        let end = lines[at..].iter().position(ends_block).map_or(lines.len(), |len| at + len);
        lines[start..end].fill("");
    }
}

fn read_floor(path: &Path) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let entry = |line: &str| {
        let (file, count) = line.split_once(' ').expect("`FILE COUNT`");
        (file.to_owned(), count.trim().parse().expect("a count"))
    };
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(entry).collect()
}

#[test]
fn acceptance_scripts_pass_as_before() {
    let directory = root().join("../shared/promqltest");
    let Ok(entries) = std::fs::read_dir(&directory) else {
        println!("skipped: no acceptance scripts in {}", directory.display());
        return;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a directory entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    files.sort();

    let floor_path = root().join("tests/conformance_floor.txt");
    let floor = read_floor(&floor_path);
    let (mut report, mut regressions) = (String::new(), Vec::new());
    let mut reached = "# Evals of each acceptance script that pass at least.\n".to_owned();
    let (mut passed, mut total) = (0, 0);
    for path in &files {
        let name = path.file_name().expect("a file name").to_string_lossy().into_owned();
        let outcome = run_file(path);
        writeln!(report, "{name}: {} of {} pass", outcome.passed, outcome.total)
            .expect("writing to a string");
        outcome.failures.iter().for_each(|f| writeln!(report, "    {f}").expect("writing to a string"));
        writeln!(reached, "{name} {}", outcome.passed).expect("writing to a string");
        let wanted = floor.get(&name).copied().unwrap_or(0);
        if outcome.passed < wanted {
            regressions.push(format!("{name}: {} pass, {wanted} did before", outcome.passed));
        }
        (passed, total) = (passed + outcome.passed, total + outcome.total);
    }
    println!("{report}{passed} of {total} pass");
    assert!(regressions.is_empty(), "{}", regressions.join("\n"));
    if std::env::var_os("UPDATE_FLOOR").is_some() {
        std::fs::write(&floor_path, reached).expect("the floor can be written");
    }
}
