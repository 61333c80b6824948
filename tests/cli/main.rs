//! The program as its users meet it: command lines with what they print, and the prompt on a pseudo-terminal.

mod editing;
mod exit_codes;
mod loading;
mod prompt;
mod pty;
mod readme;
mod transcripts;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace, where all paths in these tests start.
fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).expect("invariant: the crate lies two levels deep").to_owned()
}

/// The directory of the program.
fn bin_dir() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_promqlite")).parent().expect("invariant: programs lie in directories")
}

/// A command with nothing in its environment that could change what the program prints.
fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env_clear().env("PATH", path()).env("HOME", "/nonexistent");
    command
}

/// The search path, with the program first.
fn path() -> std::ffi::OsString {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(bin_dir().to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(all).expect("invariant: the build directory has no colon in its path")
}
