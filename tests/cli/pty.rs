//! A prompt on a pseudo-terminal.

use std::path::Path;

use rexpect::session::{PtySession, spawn_command};
use tempfile::TempDir;

use super::clean;

/// What the program shows when it waits.
pub(crate) const PROMPT: &str = "promql> ";
/// Bracketed paste is on while the program reads.
const READING_STARTS: &str = "\x1b[?2004h";
const READING_ENDS: &str = "\x1b[?2004l";
/// How long anything may take, ms; a debug build on a busy machine is slow.
pub(crate) const PATIENCE_MS: u64 = 60_000;

/// A running prompt.
pub(crate) struct Prompt {
    pub(crate) pty: PtySession,
    pub(crate) home: TempDir,
}

impl Prompt {
    /// Opens the prompt over a file, and waits until it can be typed at.
    pub(crate) fn open(args: &[&str]) -> Self {
        let home = TempDir::new().expect("a temporary directory");
        let mut prompt = Self { pty: start(args, home.path()), home };
        prompt.see(PROMPT);
        prompt
    }

    /// Waits for a text; returns what came before it.
    pub(crate) fn see(&mut self, text: &str) -> String {
        self.pty.exp_string(text).unwrap_or_else(|e| panic!("waiting for {text:?}: {e}"))
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.pty.send_line(line).expect("the program reads");
    }

    /// Types without ending the line.
    pub(crate) fn press(&mut self, keys: &str) {
        self.pty.send(keys).and_then(|_| self.pty.flush()).expect("the program reads");
    }

    /// Types a line, and returns all that is shown until the next prompt.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.enter(line);
        self.see(PROMPT)
    }

    /// Ends the line that was typed; returns all that is shown until the program reads again.
    pub(crate) fn submit(&mut self) -> String {
        self.press("\r");
        self.see(READING_ENDS);
        self.until_it_reads()
    }

    /// Waits until the program reads again; returns what is shown before.
    pub(crate) fn until_it_reads(&mut self) -> String {
        let shown = self.see(READING_STARTS);
        // The cursor is put behind the prompt last.
        self.see("\x1b[8C");
        shown
    }

    /// Waits for the program to end by itself.
    pub(crate) fn ended(mut self) -> TempDir {
        self.pty.exp_eof().expect("the program ends");
        self.home
    }
}

/// Starts the prompt without colours.
pub(crate) fn start(args: &[&str], home: &Path) -> PtySession {
    start_with(args, home, &[("NO_COLOR", "1")])
}

/// Starts the prompt with more in its environment.
pub(crate) fn start_with(args: &[&str], home: &Path, environment: &[(&str, &str)]) -> PtySession {
    let mut command = clean(env!("CARGO_BIN_EXE_promqlite"));
    command.args(args).env("TERM", "xterm").env("HOME", home).envs(environment.iter().copied());
    spawn_command(command, Some(PATIENCE_MS)).expect("a pseudo-terminal")
}
