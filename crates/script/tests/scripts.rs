//! Runs the scripts under `tests/scripts`, each in several engine configurations that must not matter: one test per
//! eval and configuration. A last test asks that every function, aggregation and operator occurs in some eval.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use promqlite::syntax::ast::{BinaryOp, Expr};
use promqlite::syntax::{ParseOptions, parse_expr, walk};
use promqlite::{EngineOptions, Rewrites, functions};
use promqlite_script::{Command, Eval, Runner, Script, engine_options};

fn main() {
    let arguments = Arguments::from_args();
    let mut paths = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts"), &mut paths);
    paths.sort();
    let mut trials = Vec::new();
    let mut scripts: Vec<(String, Script)> = Vec::new();
    for path in &paths {
        let directory = path.parent().and_then(Path::file_name).expect("a directory").to_string_lossy();
        let name = format!("{directory}/{}", path.file_stem().expect("a file name").to_string_lossy());
        let text = std::fs::read_to_string(path).expect("a readable script");
        match Script::parse(&text) {
            Ok(script) => scripts.push((name, script)),
            Err(error) => {
                let message = format!("{}:{}: {error}", path.display(), error.line());
                trials.push(Trial::test(format!("{name}: parses"), move || Err(message.into())));
            }
        }
    }
    trials.push(coverage_trial(&scripts));
    for (name, script) in &scripts {
        trials.extend(script_trials(name, script));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// All `.test` files of a directory and those below it.
fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(directory).expect("the scripts' directory");
    for path in entries.map(|entry| entry.expect("a directory entry").path()) {
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "test") {
            paths.push(path);
        }
    }
}

/// Configurations between which no answer may differ, but for those that depend on when names are removed: the
/// scripts below `names_removed_last` and `names_removed_at_once`.
fn configurations() -> [(&'static str, EngineOptions); 6] {
    let base = engine_options;
    [
        ("default", base()),
        ("names removed at once", EngineOptions { delayed_name_removal: false, ..base() }),
        ("no rewrites", EngineOptions { rewrites: Rewrites::NONE, ..base() }),
        ("one row per batch", EngineOptions { batch_rows: Some(1), ..base() }),
        ("single thread", EngineOptions { single_thread: true, ..base() }),
        (
            "nothing clever",
            EngineOptions { rewrites: Rewrites::NONE, batch_rows: Some(1), single_thread: true, ..base() },
        ),
    ]
}

/// One test per eval and configuration. Evals between two changes of the data share a runner.
fn script_trials(file: &str, script: &Script) -> Vec<Trial> {
    let mut trials = Vec::new();
    let removal = file.split('/').next();
    for (configuration, options) in configurations() {
        let wrong_removal =
            if options.delayed_name_removal { "names_removed_at_once" } else { "names_removed_last" };
        if removal == Some(wrong_removal) {
            continue;
        }
        let mut loads = Vec::new();
        let mut runner: Option<Arc<Runner>> = None;
        for command in script.commands() {
            match command {
                Command::Clear => {
                    loads.clear();
                    runner = None;
                }
                Command::Load(load) => {
                    loads.push(load);
                    runner = None;
                }
                Command::Eval(eval) => {
                    let runner = runner.get_or_insert_with(|| {
                        let mut filled = Runner::new(options.clone());
                        for load in &loads {
                            filled.load(load).unwrap_or_else(|error| panic!("{file}: {error}"));
                        }
                        Arc::new(filled)
                    });
                    trials.push(eval_trial(
                        format!("{file}: {} [{configuration}]", eval.name()),
                        runner,
                        eval,
                    ));
                }
            }
        }
    }
    trials
}

fn eval_trial(name: String, runner: &Arc<Runner>, eval: &Eval) -> Trial {
    let (runner, eval) = (Arc::clone(runner), eval.clone());
    Trial::test(name, move || {
        runner.eval(&eval).outcome.map_err(|failure| {
            let rows = failure.comparison.iter().map(|row| {
                let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
                format!("\n  {}: expected {}, got {}", row.series, text(&row.expected), text(&row.actual))
            });
            Failed::from(format!("{failure}{}", rows.collect::<String>()))
        })
    })
}

fn coverage_trial(scripts: &[(String, Script)]) -> Trial {
    let mut used = BTreeSet::new();
    for eval in scripts.iter().flat_map(|(_, script)| script.evals()).filter(|eval| eval.fail.is_none()) {
        let expr = parse_expr(&eval.query, ParseOptions::PERMISSIVE).expect("a checked query");
        walk(&expr, &mut |node| {
            match node {
                Expr::Call(call) => used.insert(call.func.clone()),
                Expr::Aggregate(aggregate) => used.insert(aggregate.op.to_string()),
                Expr::Binary(binary) => used.insert(binary.op.to_string()),
                _ => false,
            };
        });
    }
    let functions = functions::functions().iter().map(|function| function.name.to_owned());
    let aggregations = functions::aggregations().iter().map(|aggregation| aggregation.name.to_owned());
    let operators = BinaryOp::ALL.iter().map(ToString::to_string);
    let missing: Vec<String> =
        functions.chain(aggregations).chain(operators).filter(|name| !used.contains(name)).collect();
    Trial::test("every function, aggregation and operator is evaluated", move || match missing.as_slice() {
        [] => Ok(()),
        missing => Err(Failed::from(format!("no eval uses {}", missing.join(", ")))),
    })
}
