//! Errors, warnings and infos on standard error.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use promqlite::{Diagnostic, LowerError, QueryError};
use promqlite_formats::FormatError;
use promqlite_formats::write::Notes;
use promqlite_lint::{EmptyReason, Finding, Severity};
use promqlite_syntax::Span;

use crate::advice::advice;
use crate::failure::Failure;
use crate::terminal::{colours_errors, note};

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[33m";
const BLUE: &str = "\x1b[94m";
const RESET: &str = "\x1b[0m";

/// Tells why a command failed: Prometheus' own line first, then the place in the query and what to do.
pub(crate) fn failure(failure: &Failure) {
    if failure.is_broken_pipe() {
        return;
    }
    note(render(failure, colours_errors()));
}

fn render(failure: &Failure, coloured: bool) -> String {
    let headline = match failure {
        Failure::Usage(message) => format!("error: {message}"),
        Failure::Load(error @ FormatError::Unrecognised { .. }) => format!("{error} (--input-format FORMAT)"),
        other => other.to_string(),
    };
    let mut out = paint(&headline, RED, coloured);
    if let Failure::Query { error, text } = failure
        && let Some(snippet) = snippet(error, text, coloured)
    {
        out.push('\n');
        out.push_str(&snippet);
    }
    out
}

fn snippet(error: &QueryError, text: &str, coloured: bool) -> Option<String> {
    match error {
        QueryError::Parse { diagnostic, .. } if text.trim().is_empty() => {
            diagnostic.help.as_ref().map(|help| format!("help: {help}"))
        }
        QueryError::Parse { diagnostic, .. } => Some(diagnostic_snippet(diagnostic, text, coloured)),
        QueryError::Plan(LowerError::Duration { span, .. }) => Some(draw(text, *span, None, None, coloured)),
        other => advice(other).map(|help| format!("help: {help}")),
    }
}

fn diagnostic_snippet(diagnostic: &Diagnostic, text: &str, coloured: bool) -> String {
    let second = diagnostic.secondary.as_ref().map(|(span, label)| (*span, label.as_str()));
    draw(text, diagnostic.span, second, diagnostic.help.as_deref(), coloured)
}

/// Source lines with carets under the place. What is wrong there, the headline says.
fn draw(text: &str, span: Span, second: Option<(Span, &str)>, help: Option<&str>, coloured: bool) -> String {
    let mut source = Snippet::source(text)
        .line_start(1)
        .annotation(AnnotationKind::Primary.span(on_characters(text, span)));
    if let Some((span, label)) = second {
        source = source.annotation(AnnotationKind::Context.span(on_characters(text, span)).label(label));
    }
    let mut group = Group::with_level(Level::ERROR).element(source);
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// A finding: its code and message, the place in the query, and what to do.
pub(crate) fn finding(finding: &Finding, text: &str, coloured: bool) -> String {
    let code = finding.code;
    let colour = match code.severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Info => BLUE,
    };
    let headline = format!("{}[{}]: {}", code.severity.as_str(), code.name, finding.message);
    format!(
        "{}\n{}",
        paint(&headline, colour, coloured),
        draw(text, finding.span, None, Some(&finding.help), coloured)
    )
}

/// What makes an answer doubtful, in one line.
pub(crate) fn doubt(finding: &Finding) {
    let line = format!("hint[{}]: {} ({})", finding.code.name, finding.message, finding.help);
    note(paint(&line, BLUE, colours_errors()));
}

/// A query that does not parse: Prometheus' line, the place and what to do.
pub(crate) fn diagnostic(diagnostic: &Diagnostic, text: &str, coloured: bool) -> String {
    let headline = paint(&diagnostic.render(text), RED, coloured);
    format!("{headline}\n{}", diagnostic_snippet(diagnostic, text, coloured))
}

/// Why an answer is empty: each reason with its place in the query.
pub(crate) fn empty_reasons(reasons: &[EmptyReason], text: &str) {
    let coloured = colours_errors();
    for reason in reasons {
        note(format!("empty: {}", reason.message));
        note(draw(text, reason.span, None, reason.help.as_deref(), coloured));
    }
}

/// A byte range that starts and ends between characters.
fn on_characters(text: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// Shows what a query remarked.
pub(crate) fn notes(notes: &Notes) {
    let coloured = colours_errors();
    for (texts, level, colour) in [(&notes.warnings, "warning", YELLOW), (&notes.infos, "info", BLUE)] {
        for text in texts {
            note(paint(&labelled(text, level), colour, coloured));
        }
    }
}

/// Shows a warning that is not a query's.
pub(crate) fn warning(text: &str) {
    note(paint(&labelled(text, "warning"), YELLOW, colours_errors()));
}

/// Most remarks of queries say their level themselves.
fn labelled(text: &str, level: &str) -> String {
    if text.starts_with("PromQL ") { text.to_owned() } else { format!("{level}: {text}") }
}

fn paint(text: &str, colour: &str, coloured: bool) -> String {
    if coloured { format!("{colour}{text}{RESET}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use promqlite::{Engine, MemStore, Timestamp};

    use super::*;

    fn rendered(text: &str, coloured: bool) -> String {
        let query = promqlite::Query::instant(text, Timestamp(0));
        let error = Engine::default().query(&MemStore::new(), &query).expect_err("a broken query");
        render(&Failure::query(error, text), coloured)
    }

    #[test]
    fn the_headline_is_prometheus_line() {
        for text in ["sum(foo bar)", "raet(up[5m])", "rate(up)", "", "é + ü bar", "up +\n  sum(", "\t\"a"] {
            let error = Engine::default().check(text).expect_err("a broken query").to_string();
            assert_eq!(rendered(text, false).lines().next(), error.lines().next(), "{text:?}");
        }
    }

    #[test]
    fn colours_are_only_added() {
        let plain = rendered("raet(up[5m])", false);
        assert!(!plain.contains('\x1b'), "{plain}");
        assert!(plain.contains("^^^^") && plain.contains("did you mean `rate`?"), "{plain}");
        assert!(rendered("raet(up[5m])", true).contains("\x1b[1;31m"));
    }
}
