//! `promqlite query`

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use promqlite::Engine;

use crate::args::QueryArgs;
use crate::commands::{paths_and_query, query_text};
use crate::failure::{EXIT_EMPTY, Failure};
use crate::numbers::{counted, elapsed};
use crate::output::{Destination, Shape, show_error};
use crate::repl::{Interrupt, Mode, Session};
use crate::report;
use crate::result_format::ResultFormat;
use crate::settings::Settings;
use crate::terminal::note;

/// Answers queries over files. The exit code is that of the first that failed.
pub(super) fn run(args: &QueryArgs) -> Result<ExitCode, Failure> {
    let (paths, texts) = match &args.queries[..] {
        [] => paths_and_query(&args.args, None).map(|(paths, text)| (paths, vec![text]))?,
        [one] => paths_and_query(&args.args, Some(one)).map(|(paths, text)| (paths, vec![text]))?,
        many => (&args.args[..], many.iter().map(|text| query_text(Some(text))).collect::<Result<_, _>>()?),
    };
    let mut settings = Settings::default();
    args.setup.output.apply(&mut settings)?;
    let mode = if texts.len() == 1 { Mode::Single } else { Mode::Piped };
    let engine = args.setup.engine.engine()?;
    for text in &texts {
        refuse_unparsable(&engine, text, args.setup.output.output.as_deref(), settings.mode, mode)?;
    }
    let mut session = Session::open(&args.setup, engine, paths, settings, Interrupt::inactive(), mode)?;
    if session.settings.stats {
        let dataset = session.dataset();
        let samples = counted(dataset.counts.samples, "sample", "samples");
        note(format!("load: {}; {samples}", elapsed(dataset.load_time)));
    }
    let mut code = 0;
    for text in &texts {
        if let Err(failure) = session.answer(text) {
            if failure.is_broken_pipe() {
                break;
            }
            report::failure(&failure);
            code = if code == 0 { failure.code() } else { code };
        }
    }
    if code == 0 && args.setup.output.exit_empty && session.had_empty_result() {
        code = EXIT_EMPTY;
    }
    Ok(ExitCode::from(code))
}

/// A query that does not parse is refused before anything is loaded.
fn refuse_unparsable(
    engine: &Engine,
    text: &str,
    output: Option<&str>,
    format: Option<ResultFormat>,
    mode: Mode,
) -> Result<(), Failure> {
    let Err(error) = engine.check(text) else { return Ok(()) };
    let ends_json = mode != Mode::Single || io::stdout().is_terminal();
    let shape = Shape { format: format.unwrap_or(ResultFormat::Table), ends_json };
    let mut destination = Destination::default();
    destination.set(output);
    show_error(&error, shape, &mut destination)?;
    Err(Failure::query(error, text))
}
