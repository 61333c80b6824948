//! Runs Prometheus' own acceptance scripts, when they are at hand, over memory and over blocks, and holds the numbers of
//! evals that pass in each file to the floor in `tests/conformance_floor.txt`. `UPDATE_FLOOR=1` raises the floor to
//! what passes now.

mod blocks;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use blocks::Blocks;
use promqlite::{EngineOptions, Rewrites, Storage};
use promqlite_script::{Command, Eval, Runner, Script, engine_options};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where the data of an eval lies.
const STORES: [&str; 2] = ["memory", "blocks"];

/// What came of one file: evals that passed over each store, all evals, a text per failure.
struct Outcome {
    passed: [usize; STORES.len()],
    total: usize,
    failures: Vec<String>,
}

/// Runs a file's commands in two configurations between which no answer may differ; over a store, an eval passes if it
/// does in both.
fn run_file(path: &Path) -> Outcome {
    let text = std::fs::read_to_string(path).expect("a readable script");
    let (script, failures) = parse_what_can_be(&text);
    let total = script.evals().count() + failures.len();
    let mut outcome = Outcome { passed: [0; STORES.len()], total, failures };
    let plain = EngineOptions {
        rewrites: Rewrites::NONE,
        batch_rows: Some(1),
        single_thread: true,
        ..engine_options()
    };
    let mut runners = [engine_options(), plain].map(Runner::new);
    let mut blocks = None;
    for command in script.commands() {
        match command {
            Command::Clear => {
                runners.iter_mut().for_each(Runner::clear);
                blocks = None;
            }
            Command::Load(load) => {
                if let Err(error) = runners.iter_mut().try_for_each(|runner| runner.load(load)) {
                    outcome.failures.push(format!("load: {error}"));
                    break;
                }
                blocks = None;
            }
            Command::Eval(eval) => {
                let memory = runners[0].store();
                let blocks = blocks.get_or_insert_with(|| Blocks::of(memory));
                for (i, store) in [memory as &dyn Storage, blocks.storage()].into_iter().enumerate() {
                    match judge(&runners, store, eval) {
                        Ok(()) => outcome.passed[i] += 1,
                        Err(why) => {
                            outcome.failures.push(format!("{} [{}]: {why}", eval.name(), STORES[i]));
                        }
                    }
                }
            }
        }
    }
    outcome
}

/// Runs an eval in all configurations.
fn judge(runners: &[Runner], store: &dyn Storage, eval: &Eval) -> Result<(), String> {
    let all = || runners.iter().try_for_each(|runner| runner.eval_over(store, eval).outcome);
    match catch_unwind(AssertUnwindSafe(all)) {
        Ok(outcome) => outcome.map_err(|failure| failure.to_string()),
        Err(_) => Err("PANIC".to_owned()),
    }
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

/// How many evals of each file pass over each store at least.
fn read_floor(path: &Path) -> BTreeMap<String, [usize; STORES.len()]> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let entry = |line: &str| {
        let mut words = line.split(' ');
        let file = words.next().expect("a file").to_owned();
        let counts: Vec<usize> = words.map(|count| count.parse().expect("a count")).collect();
        (file, counts.try_into().expect("a count for each store"))
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
    let mut reached = format!(
        "# Evals of each acceptance script that pass at least, over {}.\n",
        STORES.join(" and over ")
    );
    let (mut passed, mut total) = ([0; STORES.len()], 0);
    for path in &files {
        let name = path.file_name().expect("a file name").to_string_lossy().into_owned();
        let outcome = run_file(path);
        let wanted = floor.get(&name).copied().unwrap_or_default();
        writeln!(report, "{name}: {} pass", of_total(outcome.passed, outcome.total))
            .expect("writing to a string");
        outcome.failures.iter().for_each(|f| writeln!(report, "    {f}").expect("writing to a string"));
        writeln!(reached, "{name} {}", outcome.passed.map(|n| n.to_string()).join(" "))
            .expect("writing to a string");
        for (i, store) in STORES.into_iter().enumerate() {
            let (now, before) = (outcome.passed[i], wanted[i]);
            if now < before {
                regressions.push(format!("{name}: {now} pass over {store}, {before} did before"));
            }
            passed[i] += now;
        }
        total += outcome.total;
    }
    println!("{report}{} pass", of_total(passed, total));
    assert!(regressions.is_empty(), "{}", regressions.join("\n"));
    if std::env::var_os("UPDATE_FLOOR").is_some() {
        std::fs::write(&floor_path, reached).expect("the floor can be written");
    }
}

fn of_total(passed: [usize; STORES.len()], total: usize) -> String {
    let over = |i: usize| format!("{} of {total} over {}", passed[i], STORES[i]);
    (0..STORES.len()).map(over).collect::<Vec<_>>().join(" and ")
}
