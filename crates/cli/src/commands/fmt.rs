//! `promqlite fmt`

use promqlite_syntax::pretty;

use crate::args::FmtArgs;
use crate::commands::ast::parse;
use crate::commands::query_text;
use crate::failure::Failure;
use crate::output::to_stdout;

/// Prints a query in canonical form.
pub(super) fn run(args: &FmtArgs) -> Result<(), Failure> {
    let text = query_text(args.expr.as_deref())?;
    let expr = parse(text.trim_end())?;
    to_stdout(|out| writeln!(out, "{}", pretty(&expr)))?;
    Ok(())
}
