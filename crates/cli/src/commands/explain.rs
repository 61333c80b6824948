//! `promqlite explain`

use std::io::Write;

use crate::args::ExplainArgs;
use crate::commands::paths_and_query;
use crate::dataset::Dataset;
use crate::failure::Failure;
use crate::output::to_stdout;

/// Shows the plan of a query, after each rewrite that changed it.
pub(super) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let when = args.time.spec().map_err(Failure::Usage)?;
    let engine = args.engine.engine()?;
    let (paths, text) = paths_and_query(&args.args, args.expr.as_deref())?;
    let dataset = Dataset::open(paths, &args.input, &Default::default())?;
    let when = when.resolve(dataset.now(args.time.now)).map_err(Failure::Usage)?;
    let plan = engine.explain(&when.query(&text)).map_err(|error| Failure::query(error, &text))?;
    to_stdout(|out| write!(out, "{plan}"))?;
    Ok(())
}
