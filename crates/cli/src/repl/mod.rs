//! The prompt: queries and dot-commands, typed or piped.

mod commands;
mod complete;
mod edit_file;
mod editor;
mod help;
mod highlight;
mod hints;
mod history;
mod input;
mod interrupt;
mod session;
mod words;

use std::io::{self, BufRead, ErrorKind, IsTerminal};
use std::process::ExitCode;

use promqlite_formats::FormatError;
use rustyline::error::ReadlineError;

use crate::args::ReplArgs;
use crate::commands::{write_files, write_summary};
use crate::dataset::bare_path;
use crate::failure::{EXIT_EMPTY, Failure};
use crate::output::{Screen, to_text};
use crate::report;
use crate::settings::Settings;
use crate::terminal::{self, Colour, note};
use editor::{Line, LineEditor};
pub(crate) use input::Inputs;
use session::Flow;

pub(crate) use interrupt::Interrupt;
pub(crate) use session::{Mode, Session};

/// Opens the files and answers what is asked with `-q`, what is typed, or what comes through a pipe.
pub(crate) fn run(args: &ReplArgs) -> Result<ExitCode, Failure> {
    let typed = args.queries.is_empty() && io::stdin().is_terminal();
    if args.queries.is_empty() && args.paths.iter().any(|path| bare_path(path) == "-") {
        let message = "the prompt reads queries from standard input, so that data cannot come from there; \
                       ask with -q EXPR, or use `promqlite query - EXPR`";
        return Err(Failure::Usage(message.into()));
    }
    let ended = if typed {
        interact(args)
    } else if args.queries.is_empty() {
        answer_pipe(args)
    } else {
        answer_queries(args)
    };
    ended.map_err(|failure| with_command_hint(failure, &args.paths))
}

/// The first path may be meant as a command.
fn with_command_hint(failure: Failure, paths: &[String]) -> Failure {
    let missing = matches!(&failure, Failure::Load(FormatError::Io { source, .. }) if source.kind() == ErrorKind::NotFound);
    let is_word = |path: &String| path.chars().all(|c| c.is_ascii_alphabetic());
    if missing && paths.first().is_some_and(is_word) {
        return Failure::Usage(format!(
            "{failure}, and there is no such command; `promqlite --help` lists commands"
        ));
    }
    failure
}

/// A session for a program.
fn open_piped(args: &ReplArgs) -> Result<Session, Failure> {
    let mut settings = Settings::default();
    args.setup.output.apply(&mut settings)?;
    let engine = args.setup.engine.engine()?;
    Session::open(&args.setup, engine, &args.paths, settings, Interrupt::inactive(), Mode::Piped)
}

/// Answers each query of standard input in turn. The exit code is that of the first that failed.
fn answer_pipe(args: &ReplArgs) -> Result<ExitCode, Failure> {
    let mut session = open_piped(args)?;
    let mut code = ExitCodes::default();
    let mut inputs = Inputs::default();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|e| Failure::io("standard input", e))?;
        if let Some(input) = inputs.push(&line)
            && code.enter(&mut session, &input) == Flow::Exit
        {
            return Ok(code.end(args, &session));
        }
    }
    if let Some(input) = inputs.finish() {
        code.enter(&mut session, &input);
    }
    Ok(code.end(args, &session))
}

/// Answers the queries of the command line in turn.
fn answer_queries(args: &ReplArgs) -> Result<ExitCode, Failure> {
    let mut session = open_piped(args)?;
    let mut code = ExitCodes::default();
    for query in &args.queries {
        if code.enter(&mut session, query) == Flow::Exit {
            break;
        }
    }
    Ok(code.end(args, &session))
}

/// The exit code of what has been entered.
#[derive(Default)]
struct ExitCodes {
    first_failure: u8,
}

impl ExitCodes {
    /// Carries out an input and shows why it failed, if it did.
    fn enter(&mut self, session: &mut Session, input: &str) -> Flow {
        match session.enter(input) {
            Ok(flow) => flow,
            Err(failure) if failure.is_broken_pipe() => Flow::Exit,
            Err(failure) => {
                report::failure(&failure);
                self.first_failure =
                    if self.first_failure == 0 { failure.code() } else { self.first_failure };
                Flow::GoOn
            }
        }
    }

    fn end(&self, args: &ReplArgs, session: &Session) -> ExitCode {
        let empty = args.setup.output.exit_empty && session.had_empty_result();
        ExitCode::from(if self.first_failure == 0 && empty { EXIT_EMPTY } else { self.first_failure })
    }
}

fn interact(args: &ReplArgs) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::install()?;
    let settings = prompt_settings(args)?;
    let engine = args.setup.engine.engine()?;
    let mut session =
        Session::open(&args.setup, engine, &args.paths, settings, interrupt, Mode::Interactive)?;
    greet(&session);
    let mut editor = LineEditor::new(&session)?;
    session.history = editor.history();
    loop {
        match editor.read() {
            Ok(Line::Entered(text)) if input::is_blank(&text) => {}
            Ok(Line::Entered(text)) => {
                session.history.push(text.clone());
                match session.enter(&text) {
                    Ok(Flow::GoOn) => {}
                    Ok(Flow::Exit) => break,
                    Err(failure) if failure.is_broken_pipe() => break,
                    Err(failure) => report::failure(&failure),
                }
                editor.refresh(&session);
            }
            Ok(Line::Interrupted) => {}
            Ok(Line::End) => break,
            Err(ReadlineError::Io(e)) => return Err(Failure::io("terminal", e)),
            Err(e) => return Err(Failure::io("terminal", io::Error::other(e))),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Flags count more than the configuration file.
fn prompt_settings(args: &ReplArgs) -> Result<Settings, Failure> {
    let colour = terminal::colour();
    let mut settings = Settings::default();
    settings.read_config()?;
    if colour != Colour::Auto {
        settings.colour = colour;
        terminal::set_colour(colour);
    }
    args.setup.output.apply(&mut settings)?;
    Ok(settings)
}

/// Shows what was opened.
fn greet(session: &Session) {
    note(format!("promqlite {}; .help lists commands, Ctrl-D ends", env!("CARGO_PKG_VERSION")));
    let summary = session.dataset().summary();
    if summary.inputs.is_empty() {
        note("No data is loaded: .open PATH… loads files.");
        return;
    }
    let text = to_text(Screen::of_stderr(), |page| {
        write_files(page, &summary)?;
        write_summary(page, &summary)
    });
    note(text.trim_end());
    summary.warnings.iter().for_each(|text| report::warning(text));
}
