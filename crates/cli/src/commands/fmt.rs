//! `promqlite fmt`

use std::io::Write;

use promqlite_syntax::pretty;

use crate::args::FmtArgs;
use crate::commands::ast::parse;
use crate::commands::query_text;
use crate::failure::Failure;
use crate::output::to_stdout;

/// Prints a query in canonical form.
pub(super) fn run(args: &FmtArgs) -> Result<(), Failure> {
    let text = query_text(args.expr.as_deref())?;
    let query = formatted(text.trim_end())?;
    to_stdout(|out| writeln!(out, "{query}"))?;
    Ok(())
}

/// A query in canonical form.
pub(crate) fn formatted(text: &str) -> Result<String, Failure> {
    Ok(pretty(&parse(text)?))
}
