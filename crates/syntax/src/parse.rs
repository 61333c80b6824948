//! Entry points of the parser.

use lalrpop_util::ParseError as LalrpopError;

use crate::ast::{Expr, Matcher};
use crate::build::{Builder, MAX_DEPTH, Recorded, Sub, Tok, depth_message};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::grammar;
use crate::lexer::{LexError, Lexer};
use crate::options::ParseOptions;
use crate::place::{Entry, Place, Tag};
use crate::quote::go_quote;
use crate::series::{Metric, SeriesDescription};
use crate::span::Span;
use crate::token::{Keyword, TokenKind};

/// Parses an expression. No types are checked.
pub fn parse_expr(text: &str, options: ParseOptions<'_>) -> Result<Expr, Diagnostic> {
    let input = Input::read(text, Entry::Expr);
    if input.tokens.is_empty() {
        let message = "no expression found in input";
        return Err(Diagnostic::new(DiagnosticKind::Syntax, message, Span::default()));
    }
    let parser = grammar::QueryParser::new();
    let sub = input.parse(options, |builder, tokens| parser.parse(builder, tokens))?;
    Ok(sub.expr.into_inner())
}

/// Parses a selector such as `up{job="a"}` into its matchers, in source order, the name's last. `{}` is accepted.
pub fn parse_metric_selector(text: &str, options: ParseOptions<'_>) -> Result<Vec<Matcher>, Diagnostic> {
    let parser = grammar::SelectorParser::new();
    let input = Input::read(text, Entry::Selector);
    let sub: Sub = input.parse(options, |builder, tokens| parser.parse(builder, tokens))?;
    match sub.expr.into_inner() {
        Expr::Vector(selector) => Ok(selector.matchers),
        _ => unreachable!("invariant: the grammar builds a vector selector here"),
    }
}

/// Parses a metric such as `up{job="a"}` into its labels.
pub fn parse_metric(text: &str) -> Result<Metric, Diagnostic> {
    let parser = grammar::MetricParser::new();
    let input = Input::read(text, Entry::Metric);
    input.parse(ParseOptions::PERMISSIVE, |builder, tokens| parser.parse(builder, tokens))
}

/// Parses a series description such as `up{job="a"} 0+1x10 _ stale`.
pub fn parse_series_desc(text: &str) -> Result<SeriesDescription, Diagnostic> {
    let parser = grammar::SeriesDescParser::new();
    let input = Input::read(text, Entry::Series);
    input.parse(ParseOptions::PERMISSIVE, |builder, tokens| parser.parse(builder, tokens))
}

/// A token with its place, as the generated parser takes it.
type Triple<'s> = (usize, Tok<'s>, usize);
/// What the generated parser answers.
type Parsed<'s, T> = Result<T, LalrpopError<usize, Tok<'s>, ()>>;

/// A text as tagged tokens. A token of kind `Error` is the last one.
struct Input<'s> {
    text: &'s str,
    entry: Entry,
    tokens: Vec<Tok<'s>>,
    /// Why the last token is an error, and where.
    error: Option<Diagnostic>,
}

impl<'s> Input<'s> {
    fn read(text: &'s str, entry: Entry) -> Self {
        let lexer = if entry == Entry::Series { Lexer::for_series(text) } else { Lexer::new(text) };
        // Enough for most texts; of a long one most may be a literal.
        let mut tokens = Vec::with_capacity((text.len() / 3 + 4).min(64));
        let mut error = None;
        for lexeme in lexer {
            let (kind, span) = (lexeme.token.kind, lexeme.token.span);
            if kind.is_trivia() {
                continue;
            }
            tokens.push(Tok { kind, tag: Tag::Plain, text: span.slice(text), start: span.start });
            if let Some(LexError { message, behind }) = lexeme.error {
                let at = if behind { Span::point(span.end) } else { span };
                error = Some(Diagnostic::new(DiagnosticKind::Lexical, message, at));
                break;
            }
        }
        let mut input = Self { text, entry, tokens, error };
        input.tag();
        input
    }

    /// Tags the tokens, and cuts the input where it nests too deep.
    fn tag(&mut self) {
        let mut place = Place::new(self.entry);
        let mut signs = 0;
        for i in 0..self.tokens.len() {
            let next = self.tokens.get(i + 1).map(|token| token.kind);
            let token = &mut self.tokens[i];
            token.tag = place.step(token.kind, next);
            signs = match token.kind {
                TokenKind::Plus | TokenKind::Minus => signs + 1,
                _ => 0,
            };
            if place.depth() > MAX_DEPTH as usize || signs > MAX_DEPTH as usize {
                token.kind = TokenKind::Error;
                let span = token.span();
                self.error = Some(Diagnostic::new(DiagnosticKind::Limit, depth_message(), span));
                self.tokens.truncate(i + 1);
                return;
            }
        }
    }

    /// Runs a generated parser and picks the error that Prometheus would report first.
    fn parse<T>(
        &self,
        options: ParseOptions<'s>,
        run: impl Fn(&Builder<'s>, &mut dyn Iterator<Item = Triple<'s>>) -> Parsed<'s, T>,
    ) -> Result<T, Diagnostic> {
        let builder = Builder::new(self.text, options);
        let triple = |token: &Tok<'s>| (token.start, *token, token.end());
        let result = run(&builder, &mut self.tokens.iter().map(triple));
        let recorded = builder.into_error();
        let (at, expected) = match (result, recorded) {
            (Ok(value), None) => return Ok(value),
            (_, Some(recorded)) => return Err(recorded.diagnostic),
            (Err(error), None) => fault(&error, self.text.len()),
        };
        let index = self.tokens.partition_point(|token| token.start < at);
        // Prometheus completes what ends in front of the faulty token before it looks at that token.
        // To see the errors of that too, parse again with a token in its place that could follow.
        if let Some(filler) = filler(&expected, at) {
            let builder = Builder::new(self.text, options);
            let _ = run(&builder, &mut self.tokens[..index].iter().chain([&filler]).map(triple));
            match builder.into_error() {
                Some(Recorded { end, diagnostic }) if end <= at => return Err(diagnostic),
                _ => {}
            }
        }
        Err(self.syntax_error(index, &expected))
    }

    /// The error about the token at `index`, or about the end of the input.
    fn syntax_error(&self, index: usize, expected: &[String]) -> Diagnostic {
        let mut index = index;
        let mut token = self.tokens.get(index);
        if let (Some(Tok { kind: TokenKind::Error, .. }), Some(error)) = (token, &self.error) {
            return self.with_opener(error.clone());
        }
        let mut place = Place::new(self.entry);
        for i in 0..index {
            place.step(self.tokens[i].kind, self.tokens.get(i + 1).map(|next| next.kind));
        }
        // `fill` at the place of an operand is a name, and what is wrong is the parenthesis behind it.
        let fill = token.is_some_and(|token| {
            matches!(token.kind, TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight))
        });
        if fill && expected.iter().any(|name| name == "\"metric identifier\"") {
            index += 1;
            token = self.tokens.get(index);
        }
        let (what, span) = match token {
            Some(token) => (describe(token), token.span()),
            None => ("end of input".to_owned(), Span::point(self.text.len())),
        };
        Diagnostic::new(DiagnosticKind::Syntax, format!("unexpected {what}{}", place.context()), span)
    }
}

impl Input<'_> {
    /// Adds to an error about an input that ends too early where the open bracket stands.
    fn with_opener(&self, error: Diagnostic) -> Diagnostic {
        let open_at_end = error.kind == DiagnosticKind::Lexical && error.span == Span::point(self.text.len());
        let mut open = Vec::new();
        for token in &self.tokens {
            match token.kind {
                TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::LeftBrace => open.push(token),
                TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace => drop(open.pop()),
                _ => {}
            }
        }
        match open.last() {
            Some(token) if open_at_end => {
                let label = format!("`{}` is opened here", token.text);
                error.with_secondary(token.span(), label)
            }
            _ => error,
        }
    }
}

/// Where the parser stopped, and what it would have taken there.
fn fault(error: &LalrpopError<usize, Tok<'_>, ()>, len: usize) -> (usize, Vec<String>) {
    match error {
        LalrpopError::UnrecognizedToken { token, expected } => (token.0, expected.clone()),
        LalrpopError::UnrecognizedEof { expected, .. } => (len, expected.clone()),
        LalrpopError::ExtraToken { token } => (token.0, Vec::new()),
        LalrpopError::InvalidToken { location } => (*location, Vec::new()),
        LalrpopError::User { .. } => (len, Vec::new()),
    }
}

/// A token that the grammar would have taken at byte `at`, such that it completes as much as possible.
fn filler<'s>(expected: &[String], at: usize) -> Option<Tok<'s>> {
    const CANDIDATES: [(&str, TokenKind, Tag); 10] = [
        ("\"or\"", TokenKind::Keyword(Keyword::Or), Tag::Plain),
        ("\"space\"", TokenKind::Space, Tag::Plain),
        ("\"dur +\"", TokenKind::Plus, Tag::Duration),
        ("\",\"", TokenKind::Comma, Tag::Plain),
        ("\"]\"", TokenKind::RightBracket, Tag::Plain),
        ("\")\"", TokenKind::RightParen, Tag::Plain),
        ("\"}\"", TokenKind::RightBrace, Tag::Plain),
        ("\"{{\"", TokenKind::OpenHistogram, Tag::Plain),
        ("\"identifier\"", TokenKind::Identifier, Tag::Plain),
        ("\"string\"", TokenKind::String, Tag::Plain),
    ];
    let found = CANDIDATES.iter().find(|(name, ..)| expected.iter().any(|wanted| wanted == name))?;
    // The text must be a string literal for a string, and not empty, so that what it completes ends behind `at`.
    Some(Tok { kind: found.1, tag: found.2, text: "''", start: at })
}

/// A token in the words of Prometheus' syntax errors.
fn describe(token: &Tok<'_>) -> String {
    let text = token.text;
    match token.kind {
        TokenKind::Identifier => format!("identifier {}", go_quote(text.as_bytes())),
        TokenKind::MetricIdentifier => format!("metric identifier {}", go_quote(text.as_bytes())),
        TokenKind::String => format!("string {}", shortened(text)),
        TokenKind::Number => format!("number {}", shortened(text)),
        TokenKind::Duration => format!("duration {}", shortened(text)),
        TokenKind::Aggregator(_) => format!("<aggr:{text}>"),
        TokenKind::HistogramKey(key) => format!("\"<Item {}>\" {}", key.item_number(), shortened(text)),
        TokenKind::Hint(hint) => format!("\"<Item {}>\" {}", hint.item_number(), shortened(text)),
        TokenKind::Space => go_quote(&text.as_bytes()[..1.min(text.len())]),
        TokenKind::Plus
        | TokenKind::Minus
        | TokenKind::Star
        | TokenKind::Slash
        | TokenKind::Percent
        | TokenKind::Caret
        | TokenKind::EqEq
        | TokenKind::NotEq
        | TokenKind::Less
        | TokenKind::LessEq
        | TokenKind::Greater
        | TokenKind::GreaterEq
        | TokenKind::TrimUpper
        | TokenKind::TrimLower
        | TokenKind::EqRegex
        | TokenKind::NotRegex
        | TokenKind::At
        | TokenKind::Keyword(Keyword::And | Keyword::Or | Keyword::Unless | Keyword::Atan2) => {
            format!("<op:{text}>")
        }
        TokenKind::Keyword(
            Keyword::Start | Keyword::End | Keyword::Step | Keyword::Range | Keyword::MinOf | Keyword::MaxOf,
        ) => shortened(text),
        TokenKind::Keyword(_) => format!("<{text}>"),
        _ => shortened(text),
    }
}

/// The quoted text, cut behind 10 characters when it is longer than 10 bytes.
fn shortened(text: &str) -> String {
    if text.len() <= 10 {
        return go_quote(text.as_bytes());
    }
    let cut: String = text.chars().take(10).collect();
    format!("{}...", go_quote(cut.as_bytes()))
}
