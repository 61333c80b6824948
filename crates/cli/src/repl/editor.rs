//! The line editor: multi-line input, history, completion, colours, hints.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, EditMode, Editor, Event,
    EventContext, EventHandler, Helper, KeyEvent, RepeatCount,
};

use crate::failure::Failure;
use crate::output::Screen;
use crate::repl::complete::{self, Candidate, Names};
use crate::repl::hints::{Signature, signature};
use crate::repl::session::Session;
use crate::repl::{edit_file, highlight, history, input};
use crate::report;
use crate::settings::Editing;
use crate::terminal::colours_output;

const PROMPT: &str = "promql> ";
const COLOURED_PROMPT: &str = "\x1b[1;32mpromql>\x1b[0m ";
const DIM: &str = "\x1b[90m";
const RESET: &str = "\x1b[0m";
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
    /// The line that the user wants to edit elsewhere.
    elsewhere: Elsewhere,
}

impl LineEditor {
    /// An editor that knows the session's names and the history of earlier sessions.
    pub(crate) fn new(session: &Session) -> Result<Self, Failure> {
        let coloured = colours_output();
        let failed = |e: ReadlineError| Failure::io("terminal", std::io::Error::other(e));
        let edit_mode = match session.settings.editing {
            Editing::Emacs => EditMode::Emacs,
            Editing::Vi => EditMode::Vi,
        };
        let config = Config::builder()
            .max_history_size(MAX_HISTORY)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(failed)?
            .auto_add_history(true)
            .edit_mode(edit_mode)
            .bracketed_paste(true)
            .completion_type(CompletionType::List)
            .color_mode(if coloured { ColorMode::Forced } else { ColorMode::Disabled })
            .build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(PromqlHelper::new(session)));
        let elsewhere = Elsewhere::default();
        let keys = Event::KeySeq(vec![KeyEvent::ctrl('X'), KeyEvent::ctrl('E')]);
        editor.bind_sequence(keys, EventHandler::Conditional(Box::new(elsewhere.clone())));
        let mut editor = Self { editor, history: history::path(), coloured, elsewhere };
        editor.load_history();
        Ok(editor)
    }

    /// Reads one complete input.
    pub(crate) fn read(&mut self) -> Result<Line, ReadlineError> {
        let prompt = if self.coloured { COLOURED_PROMPT } else { PROMPT };
        let mut start = String::new();
        loop {
            match self.editor.readline_with_initial(&(PROMPT, prompt), (&start, "")) {
                Ok(text) => {
                    self.save_history();
                    return Ok(Line::Entered(text));
                }
                Err(ReadlineError::Interrupted) => match self.elsewhere.take() {
                    Some(line) => start = edit_elsewhere(line),
                    None => return Ok(Line::Interrupted),
                },
                Err(ReadlineError::Eof) => return Ok(Line::End),
                Err(error) => return Err(error),
            }
        }
    }

    /// All entries, the newest last.
    pub(crate) fn history(&self) -> Vec<String> {
        self.editor.history().iter().cloned().collect()
    }

    /// Learns the names of a session whose data may have changed, and its settings.
    pub(crate) fn refresh(&mut self, session: &Session) {
        let Some(helper) = self.editor.helper_mut() else { return };
        if helper.names.generation != session.generation() {
            helper.names = Names::of(session.dataset(), session.generation());
        }
        helper.hints = session.settings.hints.0;
        self.coloured = colours_output();
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

/// What the user's editor makes of a line; the line itself if that fails.
fn edit_elsewhere(line: String) -> String {
    match edit_file::edit(&line) {
        Ok(edited) => edited,
        Err(failure) => {
            report::failure(&failure);
            line
        }
    }
}

/// The line that Ctrl-X Ctrl-E was pressed in. The key ends reading as Ctrl-C does, which leaves the terminal to
/// the user's editor.
#[derive(Clone, Default)]
struct Elsewhere(Arc<Mutex<Option<String>>>);

impl Elsewhere {
    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ConditionalEventHandler for Elsewhere {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.line().to_owned());
        Some(Cmd::Interrupt)
    }
}

struct PromqlHelper {
    names: Names,
    hints: bool,
    /// Whether the line is being shown for the last time.
    last_time: Cell<bool>,
}

impl PromqlHelper {
    fn new(session: &Session) -> Self {
        let names = Names::of(session.dataset(), session.generation());
        Self { names, hints: session.settings.hints.0, last_time: Cell::new(false) }
    }
}

impl Helper for PromqlHelper {}

impl Hinter for PromqlHelper {
    type Hint = Signature;

    /// Without colours a hint could not be told from what was typed.
    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Signature> {
        if self.hints && colours_output() { signature(line, pos) } else { None }
    }
}

impl Highlighter for PromqlHelper {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if !colours_output() {
            return Cow::Borrowed(line);
        }
        let cursor = (!self.last_time.get()).then_some(pos);
        Cow::Owned(highlight::coloured(line, cursor, &|name| self.names.knows_metric(name)))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("{DIM}{hint}{RESET}"))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.last_time.set(kind == CmdKind::ForcedRefresh);
        true
    }
}

/// Lists that are longer show names only.
const MAX_DETAILED: usize = 60;
/// Narrowest detail in a list, in characters.
const MIN_DETAIL: usize = 20;
/// The width of a screen that does not tell.
const COLUMNS: u16 = 80;

impl Completer for PromqlHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = complete::complete(&self.names, line, pos);
        let detailed = found.len() > 1
            && found.len() <= MAX_DETAILED
            && found.iter().any(|candidate| !candidate.detail.is_empty());
        let width = found.iter().map(|candidate| candidate.replacement.chars().count()).max().unwrap_or(0);
        let columns = usize::from(Screen::of_stdout().width.unwrap_or(COLUMNS));
        let room = columns.saturating_sub(width + 4).max(MIN_DETAIL);
        let widths = detailed.then_some((width, room));
        Ok((start, found.into_iter().map(|candidate| pair(candidate, widths)).collect()))
    }
}

/// A candidate as the list shows it: with its detail, if the widths of names and details are given.
fn pair(candidate: Candidate, widths: Option<(usize, usize)>) -> Pair {
    let Candidate { replacement, detail } = candidate;
    let display = match widths {
        Some((width, room)) if !detail.is_empty() => {
            let mut shown: String =
                detail.chars().take(room).map(|c| if c.is_control() { ' ' } else { c }).collect();
            if detail.chars().count() > room {
                shown.push('…');
            }
            format!("{replacement:width$}  {shown}")
        }
        _ => replacement.clone(),
    };
    Pair { display, replacement }
}

impl Validator for PromqlHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let more = input::wants_more(context.input());
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}
