//! Commands about the session itself.

use std::fs;
use std::io::Write;

use crate::commands::{write_files, write_summary};
use crate::failure::Failure;
use crate::output::{new_table, write_table};
use crate::repl::commands::{required, wrong};
use crate::repl::input::Inputs;
use crate::repl::session::{Flow, Session};
use crate::repl::words::words;
use crate::report;
use crate::settings::{self, SETTINGS};

pub(super) fn open(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let paths = match text {
        "" => session.paths().to_vec(),
        text => words(text).map_err(|e| wrong("open", e))?,
    };
    if paths.is_empty() {
        return Err(wrong("open", "nothing is open that could be opened again; expected PATH…"));
    }
    session.reopen(&paths)?;
    let summary = session.dataset().summary();
    session.write(|page| {
        write_files(page, &summary)?;
        write_summary(page, &summary)
    })?;
    Ok(Flow::GoOn)
}

/// Files that may read files that read files…
const MAX_DEPTH: usize = 16;

/// A failure in the file is shown and does not keep the rest of the file from being carried out.
pub(super) fn read(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let path = required("read", text)?;
    if session.reading == MAX_DEPTH {
        return Err(wrong("read", format!("{path}: files read each other more than {MAX_DEPTH} deep")));
    }
    let script = fs::read_to_string(path).map_err(|e| Failure::io(path, e))?;
    session.reading += 1;
    let ended = carry_out(session, &script);
    session.reading -= 1;
    ended
}

fn carry_out(session: &mut Session, script: &str) -> Result<Flow, Failure> {
    let mut inputs = Inputs::default();
    let complete = script.lines().filter_map(|line| inputs.push(line)).collect::<Vec<_>>();
    for input in complete.into_iter().chain(inputs.finish()) {
        match session.enter(&input) {
            Ok(Flow::GoOn) => {}
            Ok(Flow::Exit) => return Ok(Flow::Exit),
            Err(failure) if failure.is_broken_pipe() => return Err(failure),
            Err(failure) => report::failure(&failure),
        }
    }
    Ok(Flow::GoOn)
}

/// Entries of the history that are shown.
const ENTRIES: usize = 20;

pub(super) fn history(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let n = match text {
        "" => ENTRIES,
        text => text.parse().map_err(|_| wrong("history", "expected a number"))?,
    };
    let newest = session.history.len().saturating_sub(n);
    let entries = session.history[newest..].to_vec();
    session.write(|page| entries.iter().try_for_each(|entry| writeln!(page, "{entry}")))?;
    Ok(Flow::GoOn)
}

pub(super) fn set(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let failed = |e| wrong("set", e);
    let Some((name, value)) = text.split_once(|c: char| c.is_whitespace() || c == '=') else {
        let chosen = if text.is_empty() { None } else { Some(settings::find(text).map_err(failed)?.name) };
        return show_settings(session, chosen);
    };
    let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=').trim();
    session.settings.set(name, value).map_err(failed)?;
    Ok(Flow::GoOn)
}

fn show_settings(session: &mut Session, chosen: Option<&str>) -> Result<Flow, Failure> {
    let mut table = new_table(["setting", "value", "values", "what it decides"]);
    for setting in SETTINGS.iter().filter(|setting| chosen.is_none_or(|name| name == setting.name)) {
        let value = (setting.get)(&session.settings);
        table.add_row([setting.name, value.as_str(), setting.values, setting.summary]);
    }
    session.write(|page| write_table(page, table))?;
    Ok(Flow::GoOn)
}

pub(super) fn show(session: &mut Session, _: &str) -> Result<Flow, Failure> {
    let times = session.times()?.describe();
    let output =
        session.destination.path().map_or("the screen".to_owned(), |path| path.display().to_string());
    let settings: Vec<String> = SETTINGS
        .iter()
        .map(|setting| format!("{:8} {}", setting.name, (setting.get)(&session.settings)))
        .collect();
    session.write(|page| {
        writeln!(page, "queries are evaluated {times}")?;
        writeln!(page, "answers go to {output}")?;
        settings.iter().try_for_each(|line| writeln!(page, "{line}"))
    })?;
    Ok(Flow::GoOn)
}
