//! Editing at the prompt: completion, colours, hints, paste, history, other editors, settings.

use std::fs;

use tempfile::TempDir;

use super::pty::{PROMPT, Prompt, start_with};

const LAMPS: &str = "tests/cli/data/lamps.om";

/// A prompt over the lamps with this environment, at its first prompt.
fn open_with(home: TempDir, environment: &[(&str, &str)]) -> Prompt {
    let mut prompt = Prompt { pty: start_with(&[LAMPS], home.path(), environment), home };
    prompt.until_it_reads();
    prompt
}

fn home() -> TempDir {
    TempDir::new().expect("a temporary directory")
}

/// Types keys in pieces: a terminal that is fed faster than it is read from would lose some.
fn type_slowly(prompt: &mut Prompt, keys: &str) {
    for part in keys.split_inclusive(['\t', '\u{1b}']) {
        prompt.press(part);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
fn tab_completes_what_the_grammar_expects() {
    let mut prompt = Prompt::open(&[LAMPS]);
    for (keys, entered) in [
        ("lamp_sw\t", "lamp_switches_total"),
        ("sum by (ro\t) (lamp_watts)", "sum by (room) (lamp_watts)"),
        ("lamp_watts{ro\t=\"at\t}", "lamp_watts{room=\"attic\"}"),
        ("sum(lamp_watts) wit\t(dim\t)", "sum(lamp_watts) without(dimmed)"),
        ("label_j\tvector(1), \"a\", \"\")", "label_join(vector(1), \"a\", \"\")"),
        ("lamp_watts offs\t 5\u{7f}30s", "lamp_watts offset 30s"),
        (".fu\t *_time", ".functions *_time"),
        (".explain lamp_w\t", ".explain lamp_watts"),
    ] {
        type_slowly(&mut prompt, keys);
        prompt.submit();
        prompt.press(".history 2");
        let history = prompt.submit();
        assert!(history.contains(&format!("\n{entered}\r\n.history 2\r\n")), "{keys:?}: {history:?}");
    }
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn lists_say_what_candidates_are() {
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.press("lamp_\t");
    std::thread::sleep(std::time::Duration::from_millis(150));
    prompt.press("\t");
    prompt.see("lamp_switches_total  counter");
    prompt.see("gauge: Power that a lamp draws.");
    prompt.pty.send_control('c').expect("the program reads");
    prompt.until_it_reads();
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn what_is_typed_is_coloured_and_calls_are_explained() {
    let mut prompt = open_with(home(), &[]);
    prompt.press("rate(");
    prompt.see("\x1b[34mrate\x1b[0m(");
    prompt.see("range vector");
    prompt.press("lamp_watts[5m]");
    prompt.see("\x1b[33m5m\x1b[0m");
    prompt.press(")");
    prompt.see("\x1b[1;4m)");
    assert!(prompt.submit().contains("attic"));
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn pasted_lines_wait_for_enter() {
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.press("\x1b[200~1 + 1\n+ sum(\nlamp_watts)\x1b[201~");
    prompt.see("lamp_watts)");
    assert!(prompt.submit().contains("69.5"));
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn several_lines_are_one_entry_of_the_history() {
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.enter("sum(");
    prompt.enter("lamp_watts)");
    prompt.see("67.5");
    prompt.see(PROMPT);
    let shown = prompt.ask(".history 2");
    assert!(shown.contains("sum(\r\nlamp_watts)"), "{shown}");
    // Up once leads past `.history`, twice to the query.
    prompt.press("\x1b[A\x1b[A");
    prompt.see("lamp_watts)");
    assert!(prompt.submit().contains("67.5"));
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn another_editor_can_change_the_line() {
    let mut prompt = open_with(home(), &[("NO_COLOR", "1"), ("EDITOR", "sed -i s/sum/count/")]);
    prompt.press("sum(lamp_watts)");
    prompt.see("lamp_watts)");
    prompt.press("\u{18}\u{5}");
    prompt.see("count(lamp_watts)");
    let shown = prompt.submit();
    assert!(shown.contains("    2"), "{shown}");
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn settings_come_from_the_configuration_file() {
    let home = home();
    let directory = home.path().join(".config/promqlite");
    fs::create_dir_all(&directory).expect("a directory");
    fs::write(directory.join("config"), "# mine\nmode = csv\nediting = vi\n").expect("a file");
    let mut prompt = open_with(home, &[("NO_COLOR", "1")]);
    let shown = prompt.ask("sum(lamp_watts)");
    assert!(shown.contains("timestamp,value\r\n1700000060,67.5"), "{shown}");
    // In vi's command mode `0` leads to the start of the line, and `x` deletes.
    type_slowly(&mut prompt, "11+1\x1b");
    std::thread::sleep(std::time::Duration::from_millis(800));
    prompt.press("0x");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let shown = prompt.submit();
    assert!(shown.contains("1700000060,2\r\n"), "{shown}");
    prompt.enter(".exit");
    prompt.ended();

    let home = TempDir::new().expect("a temporary directory");
    fs::write(home.path().join("broken"), "mode = csv\ntimer = maybe\n").expect("a file");
    let broken = home.path().join("broken").display().to_string();
    let mut pty = start_with(&[LAMPS], home.path(), &[("PROMQLITE_CONFIG", &broken)]);
    let shown = pty.exp_eof().expect("the program ends");
    assert!(shown.contains("broken:2: timer: expected on or off"), "{shown}");
}

#[test]
fn long_answers_go_through_the_pager() {
    let home = home();
    let mut command = super::clean("sh");
    let program = env!("CARGO_BIN_EXE_promqlite");
    command.args(["-c", &format!("stty rows 12 cols 90 && exec {program} {LAMPS}")]);
    command.env("TERM", "xterm").env("NO_COLOR", "1").env("HOME", home.path());
    command.env("PROMQLITE_PAGER", "sed s/^/paged:/");
    let pty =
        rexpect::session::spawn_command(command, Some(super::pty::PATIENCE_MS)).expect("a pseudo-terminal");
    let mut prompt = Prompt { pty, home };
    prompt.until_it_reads();
    prompt.press(".functions *");
    let long = prompt.submit();
    assert!(long.contains("paged:sum ") && long.contains("paged:year "), "{long}");
    prompt.press("sum(lamp_watts)");
    let short = prompt.submit();
    assert!(short.contains("67.5") && !short.contains("paged:"), "{short}");
    prompt.press(".set pager off");
    prompt.submit();
    prompt.press(".functions *");
    assert!(!prompt.submit().contains("paged:"));
    prompt.enter(".exit");
    prompt.ended();
}
