//! The prompt: queries and dot-commands, typed or piped.

mod commands;
mod complete;
mod editor;
mod help;
mod history;
mod input;
mod interrupt;
mod session;

use std::io::{self, BufRead, ErrorKind, IsTerminal};
use std::process::ExitCode;

use promqlite_formats::FormatError;
use rustyline::error::ReadlineError;

use crate::args::ReplArgs;
use crate::commands::{write_files, write_summary};
use crate::dataset::bare_path;
use crate::failure::Failure;
use crate::report;
use crate::terminal::note;
use editor::{Line, LineEditor};
use interrupt::Interrupt;
use session::{Flow, Mode, Session};

/// Opens the files and answers what is typed, or what comes through a pipe.
pub(crate) fn run(args: &ReplArgs) -> Result<ExitCode, Failure> {
    if args.paths.iter().any(|path| bare_path(path) == "-") {
        let message = "the prompt reads queries from standard input, so that data cannot come from there; \
                       use `promqlite query - EXPR`";
        return Err(Failure::Usage(message.into()));
    }
    let ended = if io::stdin().is_terminal() { interact(args) } else { answer_pipe(args) };
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

/// Answers each query of standard input in turn. The exit code is that of the first that failed.
fn answer_pipe(args: &ReplArgs) -> Result<ExitCode, Failure> {
    let mut session = Session::open(args, Interrupt::inactive(), Mode::Piped)?;
    let mut code = 0;
    let mut pending = String::new();
    let mut lines = io::stdin().lock().lines();
    loop {
        let line = lines.next().transpose().map_err(|e| Failure::io("standard input", e))?;
        let last = line.is_none();
        let line = line.unwrap_or_default();
        if !pending.is_empty() || !input::is_blank(&line) {
            pending.push_str(&line);
            if !last && input::wants_more(&pending) {
                pending.push('\n');
                continue;
            }
            match session.enter(&std::mem::take(&mut pending)) {
                Ok(Flow::GoOn) => {}
                Ok(Flow::Exit) => break,
                Err(failure) if failure.is_broken_pipe() => break,
                Err(failure) => {
                    report::failure(&failure);
                    code = if code == 0 { failure.code() } else { code };
                }
            }
        }
        if last {
            break;
        }
    }
    Ok(ExitCode::from(code))
}

fn interact(args: &ReplArgs) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::install()?;
    let mut session = Session::open(args, interrupt, Mode::Interactive)?;
    greet(&session);
    let mut editor = LineEditor::new(&session)?;
    loop {
        match editor.read() {
            Ok(Line::Entered(text)) if input::is_blank(&text) => {}
            Ok(Line::Entered(text)) => match session.enter(&text) {
                Ok(Flow::GoOn) => editor.refresh(&session),
                Ok(Flow::Exit) => break,
                Err(failure) if failure.is_broken_pipe() => break,
                Err(failure) => report::failure(&failure),
            },
            Ok(Line::Interrupted) => {}
            Ok(Line::End) => break,
            Err(ReadlineError::Io(e)) => return Err(Failure::io("terminal", e)),
            Err(e) => return Err(Failure::io("terminal", io::Error::other(e))),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what was opened.
fn greet(session: &Session) {
    note(format!("promqlite {}; .help lists commands, Ctrl-D ends", env!("CARGO_PKG_VERSION")));
    let dataset = session.dataset();
    if dataset.files.is_empty() {
        note("No data is loaded: .open PATH… loads files.");
        return;
    }
    let mut text = Vec::new();
    let written = write_files(&mut text, dataset).and_then(|()| write_summary(&mut text, dataset));
    written.expect("invariant: writing into memory does not fail");
    note(String::from_utf8_lossy(&text).trim_end());
}
