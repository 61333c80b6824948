//! Colours of what is typed, from the query language's own lexer.

use std::fmt::Write;

use promqlite::functions;
use promqlite_syntax::{Token, TokenKind, tokenize};

use crate::repl::commands::resolve;
use crate::repl::input::as_command;

const RESET: &str = "\x1b[0m";
const COMMENT: &str = "\x1b[90m";
const ERROR: &str = "\x1b[31m";
const NUMBER: &str = "\x1b[33m";
const STRING: &str = "\x1b[32m";
const KEYWORD: &str = "\x1b[35m";
const FUNCTION: &str = "\x1b[34m";
const LABEL: &str = "\x1b[36m";
const METRIC: &str = "\x1b[1m";
const COMMAND: &str = "\x1b[1;36m";
const PARTNERS: &str = "\x1b[1;4m";

/// A line with colours. `cursor` is where the cursor is, if brackets at it are to be shown with their partners;
/// `has_metric` tells which metrics exist.
pub(crate) fn coloured(line: &str, cursor: Option<usize>, has_metric: &dyn Fn(&str) -> bool) -> String {
    let Some(command) = as_command(line) else { return query(line, cursor, has_metric) };
    let dot = line.find('.').unwrap_or(0);
    let name = command.split(char::is_whitespace).next().unwrap_or("");
    let end = dot + 1 + name.len();
    let colour = if resolve(name).is_ok() { COMMAND } else { ERROR };
    format!("{}{colour}{}{RESET}{}", &line[..dot], &line[dot..end], &line[end..])
}

fn query(line: &str, cursor: Option<usize>, has_metric: &dyn Fn(&str) -> bool) -> String {
    let tokens = tokenize(line);
    let partners = cursor.and_then(|cursor| partners(&tokens, cursor));
    let mut out = String::with_capacity(line.len() * 2);
    let mut braces = false;
    for (i, token) in tokens.iter().enumerate() {
        let text = &line[token.span.start..token.span.end];
        match token.kind {
            TokenKind::LeftBrace => braces = true,
            TokenKind::RightBrace => braces = false,
            _ => {}
        }
        let next = tokens[i + 1..].iter().find(|token| !token.kind.is_trivia()).map(|token| token.kind);
        let colour = match partners {
            Some((a, b)) if a == i || b == i => PARTNERS,
            _ if braces && token.kind == TokenKind::Identifier => LABEL,
            _ => colour_of(token.kind, text, next, has_metric),
        };
        if colour.is_empty() {
            out.push_str(text);
        } else {
            let _ = write!(out, "{colour}{text}{RESET}");
        }
    }
    out
}

fn colour_of(
    kind: TokenKind,
    text: &str,
    next: Option<TokenKind>,
    has_metric: &dyn Fn(&str) -> bool,
) -> &'static str {
    match kind {
        TokenKind::Comment => COMMENT,
        TokenKind::Error => ERROR,
        TokenKind::Number | TokenKind::Duration => NUMBER,
        TokenKind::String => STRING,
        TokenKind::Keyword(_) | TokenKind::Aggregator(_) => KEYWORD,
        TokenKind::Identifier if next == Some(TokenKind::LeftParen) => {
            if functions::function(text).is_some() { FUNCTION } else { ERROR }
        }
        TokenKind::Identifier | TokenKind::MetricIdentifier if has_metric(text) => METRIC,
        _ => "",
    }
}

/// The bracket at the cursor, or just before it, and the one that belongs to it.
fn partners(tokens: &[Token], cursor: usize) -> Option<(usize, usize)> {
    let pairs = pairs(tokens);
    let touching = |at: usize| {
        pairs.iter().find(|&&(a, b)| tokens[a].span.start == at || tokens[b].span.start == at).copied()
    };
    touching(cursor).or_else(|| touching(cursor.checked_sub(1)?))
}

/// All pairs of brackets, by the numbers of their tokens.
fn pairs(tokens: &[Token]) -> Vec<(usize, usize)> {
    let mut open: Vec<(usize, TokenKind)> = Vec::new();
    let mut pairs = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let closes = match token.kind {
            TokenKind::LeftParen | TokenKind::LeftBrace | TokenKind::LeftBracket => {
                open.push((i, token.kind));
                continue;
            }
            TokenKind::RightParen => TokenKind::LeftParen,
            TokenKind::RightBrace => TokenKind::LeftBrace,
            TokenKind::RightBracket => TokenKind::LeftBracket,
            _ => continue,
        };
        if let Some((start, _)) = open.pop_if(|(_, kind)| *kind == closes) {
            pairs.push((start, i));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours as short names in angle brackets.
    fn shown(line: &str, cursor: Option<usize>) -> String {
        let mut out = coloured(line, cursor, &|name| name == "up");
        for (code, name) in [
            (RESET, "<>"),
            (COMMENT, "<comment>"),
            (ERROR, "<error>"),
            (NUMBER, "<number>"),
            (STRING, "<string>"),
            (KEYWORD, "<keyword>"),
            (FUNCTION, "<function>"),
            (LABEL, "<label>"),
            (METRIC, "<metric>"),
            (COMMAND, "<command>"),
            (PARTNERS, "<pair>"),
        ] {
            out = out.replace(code, name);
        }
        out
    }

    #[test]
    fn words_get_the_colours_of_what_they_are() {
        for (line, want) in [
            ("rate(up[5m])", "<function>rate<>(<metric>up<>[<number>5m<>])"),
            ("sum by (job) (x)", "<keyword>sum<> <keyword>by<> (job) (x)"),
            ("up{job=\"a\"} # b", "<metric>up<>{<label>job<>=<string>\"a\"<>} <comment># b<>"),
            ("raet(x)", "<error>raet<>(x)"),
            ("\"abc", "<error>\"abc<>"),
            (".metrics up", "<command>.metrics<> up"),
            (".nonsense", "<error>.nonsense<>"),
            (" .at", " <command>.at<>"),
        ] {
            assert_eq!(shown(line, None), want, "{line}");
        }
    }

    #[test]
    fn brackets_are_shown_with_their_partners() {
        assert_eq!(shown("(a[1])", Some(0)), "<pair>(<>a[<number>1<>]<pair>)<>");
        assert_eq!(shown("(a[1])", Some(6)), "<pair>(<>a[<number>1<>]<pair>)<>");
        assert_eq!(shown("(a[1])", Some(2)), "(a<pair>[<><number>1<><pair>]<>)");
        assert_eq!(shown("(a", Some(0)), "(a");
    }
}
