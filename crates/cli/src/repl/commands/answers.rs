//! Commands that set how answers are shown and where they go.

use promqlite::Timestamp;

use crate::commands::export_to;
use crate::failure::Failure;
use crate::output::{Shape, is_empty, show};
use crate::repl::commands::{required, wrong};
use crate::repl::session::{Flow, Session};
use crate::result_format::ResultFormat;
use crate::selectors;
use crate::time::TimeSpec;
use crate::when::{StartSpec, When, WhenSpec};

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

/// How much is drawn where queries are evaluated at an instant, ms.
const PLOTTED_MS: i64 = 3_600_000;

/// Draws a query whatever the form of results is.
pub(super) fn plot(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let text = required("plot", text)?;
    let when = match session.times()? {
        When::Instant(at) => {
            let spec = WhenSpec::Range {
                start: StartSpec::BeforeEnd(plotted_length(session, at)),
                end: TimeSpec::Absolute(at.0),
                step: session.settings.step,
            };
            spec.resolve(at).map_err(Failure::Usage)?
        }
        range => range,
    };
    let result = session.evaluate(text, when)?;
    let format = match session.settings.mode {
        Some(mode) if mode.is_drawing() => mode,
        _ => ResultFormat::Graph,
    };
    let shape = Shape { format, ends_json: true };
    show(&result, text, when, shape, &mut session.destination)?;
    if is_empty(&result.value) {
        session.tell(format!("no series {}", when.describe()));
    }
    Ok(Flow::GoOn)
}

/// An hour, or less if the data begins later.
fn plotted_length(session: &Session, end: Timestamp) -> i64 {
    let range = session.dataset().storage().time_range();
    let held = range.map_or(PLOTTED_MS, |range| end.0.saturating_sub(range.start.0));
    if held > 0 { held.min(PLOTTED_MS) } else { PLOTTED_MS }
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
