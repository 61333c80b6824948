//! Commands that set when queries are evaluated.

use crate::failure::Failure;
use crate::repl::commands::{required, wrong};
use crate::repl::session::{Flow, Session};
use crate::time::{NOW, parse_length, parse_step, parse_time};
use crate::when::{StartSpec, WhenSpec};

pub(super) fn at(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    if !text.is_empty() {
        session.when = WhenSpec::Instant(parse_time(text).map_err(|e| wrong("at", e))?);
    }
    show_times(session)
}

pub(super) fn instant(session: &mut Session, _: &str) -> Result<Flow, Failure> {
    session.when = WhenSpec::Instant(NOW);
    show_times(session)
}

pub(super) fn range(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (start, end, step) = match words[..] {
        [start, end] => (start, end, None),
        [start, end, step] => (start, end, Some(step)),
        _ => return Err(wrong("range", "expected START END [STEP]")),
    };
    let time = |text| parse_time(text).map_err(|e| wrong("range", e));
    let spec = WhenSpec::Range {
        start: StartSpec::At(time(start)?),
        end: time(end)?,
        step: step_after("range", step)?,
    };
    set_times(session, spec)
}

pub(super) fn last(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let mut words = required("last", text)?.split_whitespace();
    let length = words.next().unwrap_or_default();
    let step = step_after("last", words.next())?;
    if words.next().is_some() {
        return Err(wrong("last", "expected DURATION [STEP]"));
    }
    let length = parse_length(length).map_err(|e| wrong("last", e))?;
    set_times(session, WhenSpec::Range { start: StartSpec::BeforeEnd(length), end: NOW, step })
}

/// The step of this range, and of all that follow.
pub(super) fn step(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    if !text.is_empty() {
        session.settings.set("step", text).map_err(|e| Failure::Usage(format!(".{e}")))?;
        if let WhenSpec::Range { step, .. } = &mut session.when {
            *step = None;
        }
    }
    show_times(session)
}

fn step_after(name: &str, step: Option<&str>) -> Result<Option<i64>, Failure> {
    step.map(parse_step).transpose().map_err(|e| wrong(name, format!("step: {e}")))
}

/// Sets times that are possible; impossible ones leave those of before.
fn set_times(session: &mut Session, spec: WhenSpec) -> Result<Flow, Failure> {
    let before = std::mem::replace(&mut session.when, spec);
    let shown = show_times(session);
    if shown.is_err() {
        session.when = before;
    }
    shown
}

fn show_times(session: &Session) -> Result<Flow, Failure> {
    session.tell(format!("queries are evaluated {}", session.times()?.describe()));
    Ok(Flow::GoOn)
}
