//! The commands, a file each.

mod ast;
mod empty;
mod explain;
mod export;
mod fmt;
mod info;
mod lint;
mod query;
mod shell;
mod test;

use std::io::{self, Read};
use std::process::ExitCode;

pub(crate) use ast::syntax_tree;
pub(crate) use empty::empty_text;
pub(crate) use export::{Target, export_to, parse_target};
pub(crate) use fmt::formatted;
pub(crate) use info::{write_files, write_summary, write_tops};
pub(crate) use lint::{FailOn, LintFormat};

use crate::args::{Cli, Command};
use crate::dataset::bare_path;
use crate::failure::Failure;
use crate::repl;

/// Carries out a command line.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        None => return repl::run(&cli.repl),
        Some(Command::Query(args)) => return query::run(&args),
        Some(Command::Export(args)) => export::run(&args)?,
        Some(Command::Info(args)) => info::run(&args)?,
        Some(Command::Explain(args)) => explain::run(&args)?,
        Some(Command::Fmt(args)) => fmt::run(&args)?,
        Some(Command::Ast(args)) => ast::run(&args)?,
        Some(Command::Lint(args)) => return lint::run(&args),
        Some(Command::Test(args)) => return test::run(&args),
        Some(Command::Completions { shell }) => shell::completions(shell)?,
        Some(Command::Man { command }) => shell::man(command.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The paths and the query of a command that takes both: the query is `-q`'s, else the last argument.
fn paths_and_query<'a>(args: &'a [String], expr: Option<&str>) -> Result<(&'a [String], String), Failure> {
    if let Some(expr) = expr {
        if expr == "-" && args.iter().any(|path| bare_path(path) == "-") {
            return Err(Failure::Usage("standard input cannot be both the query and the data".into()));
        }
        return Ok((args, query_text(Some(expr))?));
    }
    let (last, paths) = args.split_last().expect("invariant: clap requires an argument without -q");
    if std::path::Path::new(&bare_path(last)).exists() {
        return Err(Failure::Usage(format!(
            "the last argument must be the query, but `{last}` is a file; put the query behind it, or use -q EXPR"
        )));
    }
    Ok((paths, last.clone()))
}

/// A query as given; `-` and nothing read it from standard input.
fn query_text(expr: Option<&str>) -> Result<String, Failure> {
    match expr {
        Some(text) if text != "-" => Ok(text.to_owned()),
        _ => {
            let mut text = String::new();
            io::stdin().lock().read_to_string(&mut text).map_err(|e| Failure::io("standard input", e))?;
            Ok(text)
        }
    }
}
