//! The `promqlite` program: a REPL and subcommands over the promqlite library.
//!
//! This is the only crate of the workspace that prints, or reads the clock or the environment. Data goes to
//! standard output, everything else to standard error.

mod advice;
mod any_of;
mod args;
mod catalog;
mod commands;
mod dataset;
mod engine_args;
mod examples;
mod failure;
mod numbers;
mod output;
mod repl;
mod report;
mod result_format;
mod selectors;
mod settings;
mod terminal;
mod time;
mod when;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;

// Many small label sets and columns are allocated from many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse_from(args::command_first(std::env::args_os()));
    terminal::set_colour(cli.color);
    match commands::run(cli) {
        Ok(code) => code,
        Err(failure) => {
            report::failure(&failure);
            failure.exit_code()
        }
    }
}
