//! The line editor: multi-line input, history, completion.

use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper};

use crate::failure::Failure;
use crate::repl::complete::Names;
use crate::repl::session::Session;
use crate::repl::{history, input};
use crate::report;
use crate::terminal::colours_output;

const PROMPT: &str = "promql> ";
const COLOURED_PROMPT: &str = "\x1b[1;32mpromql>\x1b[0m ";
/// Entries that the history keeps.
const MAX_HISTORY: usize = 10_000;

/// What the user did.
pub(crate) enum Line {
    /// Entered a query or a command.
    Entered(String),
    /// Pressed Ctrl-C.
    Interrupted,
    /// Pressed Ctrl-D.
    End,
}

/// Reads queries and commands from a terminal.
pub(crate) struct LineEditor {
    editor: Editor<PromqlHelper, DefaultHistory>,
    history: Option<PathBuf>,
    coloured: bool,
}

impl LineEditor {
    /// An editor that knows the session's names and the history of earlier sessions.
    pub(crate) fn new(session: &Session) -> Result<Self, Failure> {
        let coloured = colours_output();
        let failed = |e: ReadlineError| Failure::io("terminal", std::io::Error::other(e));
        let config = Config::builder()
            .max_history_size(MAX_HISTORY)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(failed)?
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .color_mode(if coloured { ColorMode::Enabled } else { ColorMode::Disabled })
            .build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(PromqlHelper { names: Names::of(session) }));
        let mut editor = Self { editor, history: history::path(), coloured };
        editor.load_history();
        Ok(editor)
    }

    /// Reads one complete input.
    pub(crate) fn read(&mut self) -> Result<Line, ReadlineError> {
        let prompt = if self.coloured { COLOURED_PROMPT } else { PROMPT };
        match self.editor.readline(&(PROMPT, prompt)) {
            Ok(text) => {
                self.save_history();
                Ok(Line::Entered(text))
            }
            Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(error),
        }
    }

    /// All entries, the newest last.
    pub(crate) fn history(&self) -> Vec<String> {
        self.editor.history().iter().cloned().collect()
    }

    /// Learns the names of a session whose data may have changed.
    pub(crate) fn refresh(&mut self, session: &Session) {
        if let Some(helper) = self.editor.helper_mut()
            && helper.names.generation != session.generation()
        {
            helper.names = Names::of(session);
        }
    }

    fn load_history(&mut self) {
        let Some(path) = &self.history else { return };
        if let Err(error) = self.editor.load_history(path)
            && path.exists()
        {
            report::warning(&format!("{}: the history is not readable: {error}", path.display()));
        }
    }

    /// Saves what was added. A failure is told once, and history is kept in memory from then on.
    fn save_history(&mut self) {
        let Some(path) = &self.history else { return };
        let directory = path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(ReadlineError::Io);
        if let Err(error) = directory.and_then(|()| self.editor.append_history(path)) {
            report::warning(&format!("{}: the history is not saved: {error}", path.display()));
            self.history = None;
        }
    }
}

struct PromqlHelper {
    names: Names,
}

impl Helper for PromqlHelper {}

impl Hinter for PromqlHelper {
    type Hint = String;
}

impl Highlighter for PromqlHelper {}

impl Completer for PromqlHelper {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.names.complete(&line[..pos]))
    }
}

impl Validator for PromqlHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let more = input::wants_more(context.input());
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}
