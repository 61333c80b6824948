//! Runs the scripts under `tests/scripts`, each in several engine configurations that must not matter: one test per
//! eval and configuration. Last tests ask that every function, aggregation and operator occurs in some eval, and that
//! every annotation and every runtime error is expected by some.

mod blocks;
mod coverage;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use blocks::Blocks;
use libtest_mimic::{Arguments, Failed, Trial};
use promqlite::{EngineOptions, Rewrites, Storage};
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
    trials
        .extend(coverage::trials(&scripts.iter().flat_map(|(_, script)| script.evals()).collect::<Vec<_>>()));
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

/// A way to run a script.
struct Configuration {
    name: &'static str,
    options: EngineOptions,
    /// Whether the data is written as blocks before it is queried.
    over_blocks: bool,
}

/// The configurations that the scripts of a directory run in. Between them no answer may differ.
///
/// Scripts run with everything switched on but what a directory's name says, and both with names removed last and at
/// once, where the name does not ask for one of them.
fn configurations(directory: &str) -> Vec<Configuration> {
    let base = match directory {
        "server_defaults" => EngineOptions::default(),
        "type_and_unit_labels" => EngineOptions { type_and_unit_labels: true, ..engine_options() },
        "names_removed_at_once" => EngineOptions { delayed_name_removal: false, ..engine_options() },
        _ => engine_options(),
    };
    let with = |change: fn(&mut EngineOptions)| {
        let mut options = base.clone();
        change(&mut options);
        options
    };
    let mut all = vec![
        ("as they are", base.clone()),
        ("no rewrites", with(|o| o.rewrites = Rewrites::NONE)),
        ("one row per batch", with(|o| o.batch_rows = Some(1))),
        ("single thread", with(|o| o.single_thread = true)),
        (
            "nothing clever",
            with(|o| {
                (o.rewrites, o.batch_rows, o.single_thread) = (Rewrites::NONE, Some(1), true);
            }),
        ),
    ];
    if !["server_defaults", "names_removed_at_once", "names_removed_last", "annotations"].contains(&directory)
    {
        all.push(("names removed at once", with(|o| o.delayed_name_removal = false)));
    }
    let in_memory = |(name, options)| Configuration { name, options, over_blocks: false };
    let over_blocks = Configuration { name: "over blocks", options: base, over_blocks: true };
    all.into_iter().map(in_memory).chain([over_blocks]).collect()
}

/// A runner with data.
struct Filled {
    runner: Runner,
    /// Written when the first eval asks for them; `None` where the memory is asked.
    blocks: Option<OnceLock<Blocks>>,
}

impl Filled {
    fn storage(&self) -> &dyn Storage {
        match &self.blocks {
            None => self.runner.store(),
            Some(blocks) => blocks.get_or_init(|| Blocks::of(self.runner.store())).storage(),
        }
    }
}

/// One test per eval and configuration. Evals between two changes of the data share a runner.
fn script_trials(file: &str, script: &Script) -> Vec<Trial> {
    let mut trials = Vec::new();
    let directory = file.split('/').next().unwrap_or_default();
    for Configuration { name: configuration, options, over_blocks } in configurations(directory) {
        let mut loads = Vec::new();
        let mut filled: Option<Arc<Filled>> = None;
        for command in script.commands() {
            match command {
                Command::Clear => {
                    loads.clear();
                    filled = None;
                }
                Command::Load(load) => {
                    loads.push(load);
                    filled = None;
                }
                Command::Eval(eval) => {
                    let filled = filled.get_or_insert_with(|| {
                        let mut runner = Runner::new(options.clone());
                        for load in &loads {
                            runner.load(load).unwrap_or_else(|error| panic!("{file}: {error}"));
                        }
                        Arc::new(Filled { runner, blocks: over_blocks.then(OnceLock::new) })
                    });
                    trials.push(eval_trial(
                        format!("{file}: {} [{configuration}]", eval.name()),
                        filled,
                        eval,
                    ));
                }
            }
        }
    }
    trials
}

fn eval_trial(name: String, filled: &Arc<Filled>, eval: &Eval) -> Trial {
    let (filled, eval) = (Arc::clone(filled), eval.clone());
    Trial::test(name, move || {
        filled.runner.eval_over(filled.storage(), &eval).outcome.map_err(|failure| {
            let rows = failure.comparison.iter().map(|row| {
                let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
                format!("\n  {}: expected {}, got {}", row.series, text(&row.expected), text(&row.actual))
            });
            Failed::from(format!("{failure}{}", rows.collect::<String>()))
        })
    })
}
