//! `promqlite query`

use std::io::{self, IsTerminal};
use std::time::Instant;

use promqlite::Engine;

use crate::args::QueryArgs;
use crate::commands::paths_and_query;
use crate::dataset::Dataset;
use crate::failure::Failure;
use crate::numbers::{counted, elapsed};
use crate::output::{Shape, is_empty, show, show_error, show_stats};
use crate::terminal::note;
use crate::time::show_time;
use crate::when::When;

/// Answers a query over files.
pub(super) fn run(args: &QueryArgs) -> Result<(), Failure> {
    let when = args.time.spec().map_err(Failure::Usage)?;
    let engine = args.engine.engine()?;
    let (paths, text) = paths_and_query(&args.args, args.expr.as_deref())?;
    let shape = Shape { format: args.output.format, ends_json: io::stdout().is_terminal() };
    refuse_unparsable(&engine, &text, shape)?;
    let dataset = Dataset::open(paths, &args.input, &Default::default())?;
    let when = when.resolve(dataset.now(args.time.now)).map_err(Failure::Usage)?;
    if args.output.stats {
        let samples = counted(dataset.counts.samples, "sample", "samples");
        note(format!("load: {}; {samples}", elapsed(dataset.load_time)));
    }
    let started = Instant::now();
    let result = match engine.query(dataset.storage(), &when.query(&text)) {
        Ok(result) => result,
        Err(error) => {
            show_error(&error, shape)?;
            return Err(Failure::query(error, &text));
        }
    };
    let took = started.elapsed();
    show(&result, &text, shape)?;
    if is_empty(&result.value) {
        note(empty_text(&dataset, when));
    }
    if args.output.stats {
        show_stats(&result, took);
    }
    Ok(())
}

/// A query that does not parse is refused before anything is loaded.
fn refuse_unparsable(engine: &Engine, text: &str, shape: Shape) -> Result<(), Failure> {
    match engine.check(text) {
        Ok(()) => Ok(()),
        Err(error) => {
            show_error(&error, shape)?;
            Err(Failure::query(error, text))
        }
    }
}

/// Why a result may be empty.
pub(crate) fn empty_text(dataset: &Dataset, when: When) -> String {
    let span = match dataset.storage().time_range() {
        Some(range) => {
            format!("the data reaches from {} to {}", show_time(range.start), show_time(range.end))
        }
        None => "no data is loaded".to_owned(),
    };
    format!("no series {}; {span}", when.describe())
}
