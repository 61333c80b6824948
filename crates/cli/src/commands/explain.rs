//! `promqlite explain`

use std::io::Write;

use promqlite::Engine;
use promqlite_formats::write::Notes;

use crate::args::ExplainArgs;
use crate::commands::paths_and_query;
use crate::dataset::Dataset;
use crate::failure::Failure;
use crate::output::{analysis_json, to_stdout, write_analysis};
use crate::report;
use crate::when::When;

/// Shows the plan of a query, after each rewrite that changed it; or what each part of it used.
pub(super) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let when = args.time.spec().map_err(Failure::Usage)?;
    let engine = args.engine.engine()?;
    let (paths, text) = paths_and_query(&args.args, args.expr.as_deref())?;
    let dataset = Dataset::open(paths, &args.input, &Default::default())?;
    let when = when.resolve(dataset.now(args.time.now)).map_err(Failure::Usage)?;
    if args.analyze {
        return analyze(&engine, &dataset, &text, when, args.json);
    }
    let plan = engine.explain(&when.query(&text)).map_err(|error| Failure::query(error, &text))?;
    to_stdout(|out| write!(out, "{plan}"))?;
    Ok(())
}

fn analyze(engine: &Engine, dataset: &Dataset, text: &str, when: When, json: bool) -> Result<(), Failure> {
    let analyzed = engine.analyze(dataset.storage(), &when.query(text));
    let (result, profile) = analyzed.map_err(|error| Failure::query(error, text))?;
    to_stdout(|page| {
        if json {
            writeln!(page, "{}", analysis_json(text, when, &result, &profile))
        } else {
            write_analysis(page, &result, &profile)
        }
    })?;
    report::notes(&Notes::new(&result.annotations, text));
    Ok(())
}
