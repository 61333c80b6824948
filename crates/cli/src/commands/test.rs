//! `promqlite test`

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use promqlite_script::{Comparison, EvalReport, Script, ScriptReport, engine_options, run as run_script};

use crate::args::TestArgs;
use crate::failure::{EXIT_FAILED, Failure};
use crate::numbers::counted;
use crate::output::to_stdout;

/// Runs scripts; the exit code tells whether all of them passed.
pub(super) fn run(args: &TestArgs) -> Result<ExitCode, Failure> {
    let mut total = Totals::default();
    for path in find_scripts(&args.paths)? {
        let name = path.display().to_string();
        let report = run_script(&read(&path)?, &engine_options());
        total.add(&report);
        to_stdout(|out| write_report(out, &name, &report, args.verbose))?;
    }
    to_stdout(|out| writeln!(out, "{} passed, {} failed", total.passed, total.failed))?;
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}

/// Evals of all scripts; a load that failed counts as an eval that did.
#[derive(Default)]
struct Totals {
    passed: usize,
    failed: usize,
}

impl Totals {
    fn add(&mut self, report: &ScriptReport) {
        self.passed += report.passed();
        self.failed += report.failed() + usize::from(report.aborted.is_some());
    }
}

/// The files themselves, and all `.test` files below the directories.
fn find_scripts(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        search(path, &mut found).map_err(|e| Failure::io(path.display().to_string(), e))?;
        if found.len() == before {
            return Err(Failure::Usage(format!("{}: there are no .test files in it", path.display())));
        }
    }
    Ok(found)
}

fn search(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "test") {
            search(&entry, found)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Script, Failure> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|e| Failure::io(file.clone(), e))?;
    Script::parse(&text).map_err(|error| Failure::Script { file, error })
}

fn write_report(out: &mut dyn Write, name: &str, report: &ScriptReport, verbose: bool) -> io::Result<()> {
    for eval in &report.evals {
        write_eval(out, name, eval, verbose)?;
    }
    if let Some(error) = &report.aborted {
        writeln!(out, "FAILED {name}: {error}")?;
    }
    let evals = counted(report.evals.len() as u64, "eval", "evals");
    let outcome = if report.is_success() { "ok".to_owned() } else { format!("{} failed", report.failed()) };
    writeln!(out, "{name}: {evals}, {outcome}")
}

fn write_eval(out: &mut dyn Write, name: &str, eval: &EvalReport, verbose: bool) -> io::Result<()> {
    let Err(failure) = &eval.outcome else {
        return if verbose { writeln!(out, "ok     {name}:{} {}", eval.line, eval.query) } else { Ok(()) };
    };
    writeln!(out, "FAILED {name}:{} {}", eval.line, eval.query)?;
    writeln!(out, "  {failure}")?;
    failure.comparison.iter().filter(|row| row.expected != row.actual).try_for_each(|row| write_row(out, row))
}

fn write_row(out: &mut dyn Write, row: &Comparison) -> io::Result<()> {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    writeln!(out, "  {}", row.series)?;
    writeln!(out, "    expected {}", shown(&row.expected))?;
    writeln!(out, "    got      {}", shown(&row.actual))
}
