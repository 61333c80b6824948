//! What shells and `man` are told about the command line.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::to_stdout;

/// Prints a completion script.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "promqlite", &mut script);
    Ok(to_stdout(|out| out.write_all(&script))?)
}

/// Prints the manual page.
pub(super) fn man() -> Result<(), Failure> {
    let page = clap_mangen::Man::new(Cli::command());
    Ok(to_stdout(|out| page.render(out))?)
}
