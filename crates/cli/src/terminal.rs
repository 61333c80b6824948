//! What the program may assume about its terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use clap::ValueEnum;

/// When colours are used.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Colour {
    /// On a terminal that can show them, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// The word that users write.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// The choice of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|colour| colour.name() == name)
    }
}

/// The choice for the whole program, an index into [`Colour::ALL`]. Errors are coloured even before anything else
/// is set up.
static CHOICE: AtomicU8 = AtomicU8::new(0);

/// Chooses for the whole program.
pub(crate) fn set_colour(colour: Colour) {
    CHOICE.store(colour as u8, Ordering::Relaxed);
}

/// What was chosen.
pub(crate) fn colour() -> Colour {
    Colour::ALL[usize::from(CHOICE.load(Ordering::Relaxed))]
}

/// Whether messages on standard error are coloured.
pub(crate) fn colours_errors() -> bool {
    wants_colour(io::stderr().is_terminal())
}

/// Whether answers on standard output, and the prompt, are coloured.
pub(crate) fn colours_output() -> bool {
    wants_colour(io::stdout().is_terminal())
}

/// See <https://no-color.org>: any value but the empty one switches colours off.
fn wants_colour(terminal: bool) -> bool {
    match colour() {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            terminal && !no_colour && !is_dumb()
        }
    }
}

/// Whether the terminal can do nothing but show characters.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Writes a line to standard error. That nobody reads it is no error.
pub(crate) fn note(line: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", line.as_ref());
}
