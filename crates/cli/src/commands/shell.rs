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

/// Prints the manual page of the program, or of one of its commands.
pub(super) fn man(name: Option<&str>) -> Result<(), Failure> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => {
            let found = program.get_subcommands().find(|command| command.get_name() == name).cloned();
            let known = || {
                let names: Vec<&str> = program.get_subcommands().map(|command| command.get_name()).collect();
                format!("there is no command `{name}`; known are {}", names.join(", "))
            };
            found.ok_or_else(|| Failure::Usage(known()))?.display_name(format!("promqlite-{name}"))
        }
    };
    let page = clap_mangen::Man::new(command);
    Ok(to_stdout(|out| page.render(out))?)
}
