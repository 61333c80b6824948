//! What the program may assume about its terminal.

use std::io::{self, IsTerminal, Write};

/// Whether messages on standard error are coloured: on a terminal, unless `NO_COLOR` is set or the terminal
/// cannot.
pub(crate) fn colours_errors() -> bool {
    io::stderr().is_terminal() && wants_colour()
}

/// Whether the prompt is coloured.
pub(crate) fn colours_prompt() -> bool {
    io::stdout().is_terminal() && wants_colour()
}

/// See <https://no-color.org>: any value but the empty one switches colours off.
fn wants_colour() -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !no_colour && !dumb
}

/// Writes a line to standard error. That nobody reads it is no error.
pub(crate) fn note(line: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", line.as_ref());
}
