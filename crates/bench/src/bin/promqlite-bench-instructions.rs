//! Counts what core cases execute and compares that with the counts that are recorded in `benches/instructions.jsonl`.
//! Needs valgrind.

#![allow(clippy::print_stdout, reason = "figures are for people and scripts to read")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use promqlite_bench::instructions::{self, Count};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Instruction counts of core cases.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The file with recorded counts.
    #[arg(long, global = true, default_value = "benches/instructions.jsonl")]
    file: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Counts, and prints a table of then and now. Never fails for a difference.
    Compare,
    /// Counts, and writes the counts to the file.
    Record,
    /// What is counted: runs each case once.
    #[command(hide = true)]
    Run,
}

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let count = || instructions::count(&std::env::current_exe()?, &["run"]);
    match cli.command {
        Command::Run => instructions::run_all()?,
        Command::Record => {
            let lines = count()?.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
            fs::write(&cli.file, lines.join("\n") + "\n")?;
        }
        Command::Compare => {
            let text = fs::read_to_string(&cli.file).map_err(|e| format!("{}: {e}", cli.file.display()))?;
            let recorded = text.lines().map(serde_json::from_str).collect::<Result<Vec<Count>, _>>()?;
            print!("{}", instructions::compare(&recorded, &count()?));
        }
    }
    Ok(())
}
