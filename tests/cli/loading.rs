//! Loading that takes long: pipes, progress, Ctrl-C.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::pty::{PROMPT, Prompt, start};
use super::{clean, root};

const LAMPS: &str = "tests/cli/data/lamps.om";

/// A named pipe.
fn pipe(directory: &Path) -> PathBuf {
    let path = directory.join("lamps.pipe");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    path
}

/// Its end for writing, as soon as somebody reads.
fn writer(pipe: &Path) -> File {
    OpenOptions::new().write(true).open(pipe).expect("a pipe")
}

/// A prompt that is not ready yet.
fn starting(paths: &[&str]) -> Prompt {
    let home = TempDir::new().expect("a temporary directory");
    Prompt { pty: start(paths, home.path()), home }
}

/// Presses Ctrl-C when the program waits for more from a pipe. Before it does, it would stop without a word.
fn interrupt_reading(prompt: &mut Prompt) {
    std::thread::sleep(Duration::from_millis(700));
    prompt.pty.send_control('c').expect("the terminal passes it on");
}

/// Waits for the end of a program that Ctrl-C ends.
fn was_interrupted(mut prompt: Prompt) {
    prompt.pty.exp_eof().expect("the program ends");
    let status = format!("{:?}", prompt.pty.process().wait().expect("the program has ended"));
    assert!(status.starts_with("Exited(") && status.ends_with(", 130)"), "{status}");
}

#[test]
fn pipes_are_read_as_files_are() {
    let directory = TempDir::new().expect("a temporary directory");
    let pipe = pipe(directory.path());
    let content = fs::read(root().join(LAMPS)).expect("sample data");
    for (arguments, want) in [
        (&["query"][..], "2\n"),
        (&[][..], "2\n"),
        (&["info"][..], "openmetrics"),
        (&["export"][..], "lamp_watts"),
    ] {
        let mut command = clean(env!("CARGO_BIN_EXE_promqlite"));
        command.args(arguments).arg(&pipe);
        match arguments {
            ["query"] => drop(command.args(["count(lamp_watts)", "--format", "csv"])),
            [] => drop(command.args(["-q", "count(lamp_watts)", "--format", "csv"])),
            _ => {}
        }
        let output = std::thread::scope(|scope| {
            scope.spawn(|| writer(&pipe).write_all(&content));
            command.output().expect("the program runs")
        });
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains(want) && output.status.success(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn what_takes_long_shows_that_it_is_alive() {
    let directory = TempDir::new().expect("a temporary directory");
    let pipe = pipe(directory.path());
    let mut prompt = starting(&[pipe.to_str().expect("a path")]);
    let seen = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = writer(&pipe);
            while !seen.load(Ordering::Relaxed) {
                file.write_all(b"lamp_watts 5 1700000000000\n").expect("a reader");
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        // Until the pipe ends this can only be the sign of life.
        prompt.see("lamps.pipe");
        seen.store(true, Ordering::Relaxed);
    });
    let greeting = prompt.see(PROMPT);
    assert!(greeting.contains("1 series of 1 metric"), "{greeting}");
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn ctrl_c_ends_loading_with_a_word() {
    let directory = TempDir::new().expect("a temporary directory");
    let pipe = pipe(directory.path());
    let mut prompt = starting(&[pipe.to_str().expect("a path")]);
    let mut file = writer(&pipe);
    file.write_all(b"lamp_watts 5 1700000000000\n").expect("a reader");
    interrupt_reading(&mut prompt);
    prompt.see("stopping; Ctrl-C again ends the program");
    file.write_all(b"lamp_watts 6 1700000015000\n").expect("a reader");
    prompt.see("loading was cancelled");
    was_interrupted(prompt);
}

#[test]
fn ctrl_c_twice_ends_what_does_not_stop() {
    let directory = TempDir::new().expect("a temporary directory");
    let pipe = pipe(directory.path());
    let mut prompt = starting(&[pipe.to_str().expect("a path")]);
    let _file = writer(&pipe);
    interrupt_reading(&mut prompt);
    prompt.see("stopping; Ctrl-C again ends the program");
    prompt.pty.send_control('c').expect("the terminal passes it on");
    was_interrupted(prompt);
}

#[test]
fn ctrl_c_while_opening_keeps_what_was_loaded() {
    let directory = TempDir::new().expect("a temporary directory");
    let pipe = pipe(directory.path());
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.enter(&format!(".open {}", pipe.display()));
    let mut file = writer(&pipe);
    interrupt_reading(&mut prompt);
    prompt.see("stopping; Ctrl-C again ends the program");
    file.write_all(b"lamp_watts 6 1700000015000\n").expect("a reader");
    prompt.see("loading was cancelled");
    prompt.see(PROMPT);
    let answer = prompt.ask("sum(lamp_watts)");
    assert!(answer.contains("67.5"), "{answer}");
    prompt.enter(".exit");
    prompt.ended();
}
