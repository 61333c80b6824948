//! Commands that set how answers are shown and where they go.

use crate::commands::export_to;
use crate::failure::Failure;
use crate::repl::commands::{required, wrong};
use crate::repl::session::{Flow, Session};
use crate::selectors;

pub(super) fn mode(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    if !text.is_empty() {
        session.settings.set("mode", text).map_err(|e| Failure::Usage(format!(".{e}")))?;
    }
    session.tell(format!("results are shown as {}", session.format().name()));
    Ok(Flow::GoOn)
}

pub(super) fn timer(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    switch(session, "timer", text)
}

pub(super) fn stats(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    switch(session, "stats", text)
}

fn switch(session: &mut Session, name: &str, text: &str) -> Result<Flow, Failure> {
    if !text.is_empty() {
        session.settings.set(name, text).map_err(|e| Failure::Usage(format!(".{e}")))?;
    }
    let on = if name == "timer" { session.settings.timer } else { session.settings.stats };
    session.tell(format!("{name} is {}", if on { "on" } else { "off" }));
    Ok(Flow::GoOn)
}

pub(super) fn output(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    session.destination.set((!text.is_empty()).then_some(text));
    match session.destination.path() {
        Some(path) => session.tell(format!("answers go to {}", path.display())),
        None => session.tell("answers are shown"),
    }
    Ok(Flow::GoOn)
}

pub(super) fn once(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    session.destination.set_once(required("once", text)?);
    session.tell(format!("the next answer goes to {text}"));
    Ok(Flow::GoOn)
}

pub(super) fn export(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let text = required("export", text)?;
    let (file, selector) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let matchers = match selector.trim() {
        "" => Vec::new(),
        selector => vec![selectors::matchers(selector)?],
    };
    let told = export_to(session.dataset(), file, &matchers).map_err(|e| match e {
        Failure::Usage(message) => wrong("export", message),
        other => other,
    })?;
    session.tell(told);
    Ok(Flow::GoOn)
}
