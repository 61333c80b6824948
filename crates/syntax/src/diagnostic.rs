//! Errors about a text, as plain data that renders in Prometheus' one-line form or as a snippet with a caret.

use thiserror::Error;

use crate::span::Span;

/// Which stage found the error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum DiagnosticKind {
    /// A piece of text is no token.
    Lexical,
    /// A token does not fit.
    Syntax,
    /// A construct is well-formed but not allowed.
    Action,
    /// Types do not fit. Raised by the checks in promqlite-plan.
    Type,
    /// The query nests too deep.
    Limit,
}

/// An error about a text.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("parse error: {message}")]
pub struct Diagnostic {
    /// Which stage found it.
    pub kind: DiagnosticKind,
    /// What is wrong, in Prometheus' words.
    pub message: String,
    /// Where. Only the start is part of the rendered line.
    pub span: Span,
    /// A second place that helps to understand, with a label for it.
    pub secondary: Option<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without second place and help.
    pub fn new(kind: DiagnosticKind, message: impl Into<String>, span: Span) -> Self {
        Self { kind, message: message.into(), span, secondary: None, help: None }
    }

    /// Adds a second place.
    pub fn with_secondary(mut self, span: Span, label: impl Into<String>) -> Self {
        self.secondary = Some((span, label.into()));
        self
    }

    /// Adds advice.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Prometheus' line: `1:15: parse error: …`. `text` is what was parsed.
    pub fn render(&self, text: &str) -> String {
        self.render_at(text, 0)
    }

    /// Like [`Diagnostic::render`], with `line_offset` lines in front of the text, as in a script.
    pub fn render_at(&self, text: &str, line_offset: usize) -> String {
        let position = if text.is_empty() {
            "unknown position".to_owned()
        } else {
            match line_and_column(text, self.span.start) {
                Some((line, column)) => format!("{}:{column}", line + line_offset),
                None => "invalid position".to_owned(),
            }
        };
        format!("{position}: {self}")
    }

    /// The source line with a caret under the place, the message and the help, uncoloured, without a final line break.
    pub fn snippet(&self, text: &str) -> String {
        let start = self.span.start.min(text.len());
        let line_start =
            text.as_bytes()[..start].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line = text[floor(text, line_start)..].split('\n').next().unwrap_or("").trim_end_matches('\r');
        let number = 1 + text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count();
        let at = floor(line, (start - line_start).min(line.len()));
        let end = floor(line, (at + self.span.len()).min(line.len())).max(at);
        let width = line[at..end].chars().count().max(1);
        // Keep tabs so that the caret lines up in any terminal.
        let padding: String = line[..at].chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let number = number.to_string();
        let gutter = " ".repeat(number.len());
        let mut out = format!(
            "{number} | {line}\n{gutter} | {padding}{carets} {message}",
            carets = "^".repeat(width),
            message = self.message
        );
        if let Some((span, label)) = &self.secondary {
            let place =
                line_and_column(text, span.start).map_or(String::new(), |(l, c)| format!(" {l}:{c}:"));
            out.push_str(&format!("\n{gutter} = note:{place} {label}"));
        }
        if let Some(help) = &self.help {
            out.push_str(&format!("\n{gutter} = help: {help}"));
        }
        out
    }
}

/// The largest character boundary of `text` that is not above `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The 1-based line, and the 1-based column in bytes, of the byte at `offset`. `None` behind the end of `text`.
pub fn line_and_column(text: &str, offset: usize) -> Option<(usize, usize)> {
    let before = text.as_bytes().get(..offset)?;
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    Some((line, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_rendered() {
        let error = Diagnostic::new(DiagnosticKind::Syntax, "m", Span::new(4, 5));
        assert_eq!(error.render("ab\nc+"), "2:2: parse error: m");
        assert_eq!(error.render_at("ab\nc+", 10), "12:2: parse error: m");
        assert_eq!(error.render(""), "unknown position: parse error: m");
        assert_eq!(error.render("ab"), "invalid position: parse error: m");
    }

    #[test]
    fn snippets_point_at_the_place() {
        let error = Diagnostic::new(DiagnosticKind::Syntax, "bad", Span::new(4, 7)).with_help("remove it");
        assert_eq!(error.snippet("é + foo"), "1 | é + foo\n  |    ^^^ bad\n  = help: remove it");
        let end = Diagnostic::new(DiagnosticKind::Syntax, "end", Span::point(3));
        assert_eq!(end.snippet("a +"), "1 | a +\n  |    ^ end");
    }
}
