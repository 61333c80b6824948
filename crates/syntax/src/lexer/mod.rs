//! The lexer: Prometheus' modes over logos sub-lexers.

mod number;
mod series;
mod shapes;
mod string;

use logos::Logos;

use crate::quote::{go_quote, go_quote_char};
use crate::span::Span;
use crate::token::{Keyword, Token, TokenKind, keyword};
use number::Scanned;
use shapes::{Braces, BracketStart, Top};

pub use string::unquote;

/// Why a piece of text is no token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LexError {
    /// Prometheus' text.
    pub(crate) message: String,
    /// Whether the error is reported behind the text instead of at its start.
    pub(crate) behind: bool,
}

impl LexError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), behind: false }
    }

    fn behind(message: impl Into<String>) -> Self {
        Self { message: message.into(), behind: true }
    }
}

/// One step of the lexer.
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    /// Set exactly for tokens of kind `Error`.
    pub(crate) error: Option<LexError>,
}

/// What a mode found at the current position: a length and a kind or an error.
type Found = (usize, Result<TokenKind, LexError>);

/// Which part of a series description is being read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Series {
    /// No series description at all.
    Off,
    /// The metric.
    Metric,
    /// The values behind it.
    Values,
    /// A histogram literal.
    Histogram,
    /// A bucket list in a histogram literal.
    Buckets,
}

/// Splits text into lexemes that tile it. Goes on behind errors.
pub(crate) struct Lexer<'s> {
    text: &'s str,
    pos: usize,
    series: Series,
    paren_depth: i64,
    brace_open: bool,
    bracket_open: bool,
    /// Inside brackets, in front of the first number.
    bracket_start: bool,
    /// A number was seen in front of a colon. Never reset, as in Prometheus.
    got_duration: bool,
    got_colon: bool,
    at_end: bool,
}

impl<'s> Lexer<'s> {
    /// A lexer for an expression, a selector or a metric.
    pub(crate) fn new(text: &'s str) -> Self {
        Self {
            text,
            pos: 0,
            series: Series::Off,
            paren_depth: 0,
            brace_open: false,
            bracket_open: false,
            bracket_start: false,
            got_duration: false,
            got_colon: false,
            at_end: false,
        }
    }

    /// A lexer for a series description.
    pub(crate) fn for_series(text: &'s str) -> Self {
        Self { series: Series::Metric, ..Self::new(text) }
    }

    fn rest(&self) -> &'s str {
        &self.text[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn is_series(&self) -> bool {
        self.series != Series::Off
    }

    fn find(&mut self) -> Found {
        if self.brace_open {
            return self.in_braces();
        }
        match self.series {
            Series::Values => self.in_values(),
            Series::Histogram => self.in_histogram(),
            Series::Buckets => self.in_buckets(),
            Series::Off | Series::Metric if self.bracket_start => self.in_bracket_start(),
            Series::Off | Series::Metric => self.at_top(),
        }
    }

    /// The error at the end of the input, if something is still open.
    fn end_error(&self) -> Option<LexError> {
        if self.brace_open {
            return Some(LexError::new("unexpected end of input inside braces"));
        }
        match self.series {
            Series::Histogram => Some(LexError::new(format!(
                "histogram description incomplete unexpected: {}",
                go_quote_char(None)
            ))),
            Series::Buckets => Some(LexError::new(format!(
                "invalid character in buckets description: {}",
                go_quote_char(None)
            ))),
            _ if self.bracket_start => Some(LexError::new("unexpected end of input in duration expression")),
            _ if self.paren_depth != 0 => Some(LexError::new("unclosed left parenthesis")),
            _ if self.bracket_open => Some(LexError::new("unclosed left bracket")),
            _ => None,
        }
    }

    fn at_top(&mut self) -> Found {
        let rest = self.rest();
        if self.bracket_open
            && let Some(found) = self.in_bracket_rest()
        {
            return found;
        }
        let mut shapes = Top::lexer(rest);
        let Some(Ok(shape)) = shapes.next() else { return self.unexpected("") };
        let len = shapes.span().end;
        let kind = match shape {
            Top::Whitespace => TokenKind::Whitespace,
            Top::Comment => TokenKind::Comment,
            Top::Word => return self.word(len),
            Top::NumberStart => return self.number(),
            Top::Quote => return self.string(),
            Top::LeftParen => return self.left_paren(),
            Top::RightParen => return self.right_paren(),
            Top::LeftBracket => return self.left_bracket(),
            Top::RightBracket => return self.right_bracket(),
            Top::LeftBrace => {
                self.brace_open = true;
                TokenKind::LeftBrace
            }
            Top::EqTilde => return (len, Err(LexError::new("unexpected character after '=': '~'"))),
            Top::Bang => {
                let message = format!("unexpected character after '!': {}", self.quoted_at(1));
                return (len, Err(LexError::new(message)));
            }
            Top::Plus => TokenKind::Plus,
            Top::Minus => TokenKind::Minus,
            Top::Star => TokenKind::Star,
            Top::Slash => TokenKind::Slash,
            Top::Percent => TokenKind::Percent,
            Top::Caret => TokenKind::Caret,
            Top::EqEq => TokenKind::EqEq,
            Top::Assign => TokenKind::Assign,
            Top::NotEq => TokenKind::NotEq,
            Top::Less => TokenKind::Less,
            Top::LessEq => TokenKind::LessEq,
            Top::TrimUpper => TokenKind::TrimUpper,
            Top::Greater => TokenKind::Greater,
            Top::GreaterEq => TokenKind::GreaterEq,
            Top::TrimLower => TokenKind::TrimLower,
            Top::At => TokenKind::At,
            Top::Comma => TokenKind::Comma,
        };
        (len, Ok(kind))
    }

    /// Letters and colons behind the first number of a bracket, where they mean something else than at the top.
    fn in_bracket_rest(&mut self) -> Option<Found> {
        let rest = self.rest();
        let first = rest.bytes().next()?;
        if first == b':' {
            if self.got_colon {
                return Some((1, Err(LexError::new("unexpected colon ':'"))));
            }
            self.got_colon = true;
            return Some((1, Ok(TokenKind::Colon)));
        }
        if !is_alpha(first) {
            return None;
        }
        let len = rest.bytes().take_while(|&byte| is_alpha(byte)).count();
        Some(match duration_word(&rest[..len]) {
            Some(kind) => (len, Ok(kind)),
            None => {
                let message = format!("unexpected character: {}, expected ':'", self.quoted_at(0));
                (len, Err(LexError::new(message)))
            }
        })
    }

    fn in_bracket_start(&mut self) -> Found {
        let rest = self.rest();
        let mut shapes = BracketStart::lexer(rest);
        let shape = shapes.next();
        let len = shapes.span().end;
        let kind = match shape {
            Some(Ok(BracketStart::Whitespace)) => TokenKind::Whitespace,
            Some(Ok(BracketStart::Word)) => match duration_word(&rest[..len]) {
                Some(kind) => kind,
                None => return self.unexpected(" in duration expression"),
            },
            Some(Ok(BracketStart::NumberStart)) => {
                self.got_duration = true;
                self.bracket_start = false;
                return self.number();
            }
            Some(Ok(BracketStart::Colon)) => return self.colon_in_bracket_start(),
            Some(Ok(BracketStart::LeftParen)) => return self.left_paren(),
            Some(Ok(BracketStart::RightParen)) => return self.right_paren(),
            Some(Ok(BracketStart::RightBracket)) => return self.right_bracket(),
            Some(Ok(BracketStart::Plus)) => TokenKind::Plus,
            Some(Ok(BracketStart::Minus)) => TokenKind::Minus,
            Some(Ok(BracketStart::Star)) => TokenKind::Star,
            Some(Ok(BracketStart::Slash)) => TokenKind::Slash,
            Some(Ok(BracketStart::Percent)) => TokenKind::Percent,
            Some(Ok(BracketStart::Caret)) => TokenKind::Caret,
            Some(Ok(BracketStart::Comma)) => TokenKind::Comma,
            Some(Err(())) | None => return self.unexpected(" in duration expression"),
        };
        (len, Ok(kind))
    }

    fn colon_in_bracket_start(&mut self) -> Found {
        if !self.got_duration {
            let message = "unexpected colon before duration in duration expression";
            return (1, Err(LexError::behind(message)));
        }
        if self.got_colon {
            return (1, Err(LexError::behind("unexpected repeated colon in duration expression")));
        }
        self.got_colon = true;
        (1, Ok(TokenKind::Colon))
    }

    fn in_braces(&mut self) -> Found {
        let mut shapes = Braces::lexer(self.rest());
        let Some(Ok(shape)) = shapes.next() else { return self.unexpected(" inside braces") };
        let len = shapes.span().end;
        let kind = match shape {
            Braces::Whitespace => TokenKind::Whitespace,
            Braces::Comment => TokenKind::Comment,
            Braces::Identifier => TokenKind::Identifier,
            Braces::Quote => return self.string(),
            Braces::Assign => TokenKind::Assign,
            Braces::EqRegex => TokenKind::EqRegex,
            Braces::NotEq => TokenKind::NotEq,
            Braces::NotRegex => TokenKind::NotRegex,
            Braces::Comma => TokenKind::Comma,
            Braces::Bang => {
                let message = format!("unexpected character after '!' inside braces: {}", self.quoted_at(1));
                return (len, Err(LexError::new(message)));
            }
            Braces::LeftBrace => return (len, Err(LexError::new("unexpected left brace '{'"))),
            Braces::RightBrace => {
                self.brace_open = false;
                if self.is_series() {
                    self.series = Series::Values;
                }
                TokenKind::RightBrace
            }
        };
        (len, Ok(kind))
    }

    fn left_paren(&mut self) -> Found {
        self.paren_depth += 1;
        (1, Ok(TokenKind::LeftParen))
    }

    fn right_paren(&mut self) -> Found {
        if self.paren_depth == 0 {
            return (1, Err(LexError::behind("unexpected right parenthesis ')'")));
        }
        self.paren_depth -= 1;
        (1, Ok(TokenKind::RightParen))
    }

    fn left_bracket(&mut self) -> Found {
        if self.bracket_open {
            return (1, Err(LexError::new("unexpected left bracket '['")));
        }
        self.got_colon = false;
        self.bracket_open = true;
        self.bracket_start = true;
        (1, Ok(TokenKind::LeftBracket))
    }

    fn right_bracket(&mut self) -> Found {
        if !self.bracket_open {
            return (1, Err(LexError::new("unexpected right bracket ']'")));
        }
        self.bracket_open = false;
        self.bracket_start = false;
        (1, Ok(TokenKind::RightBracket))
    }

    /// A word of `len` bytes outside braces: a keyword or a name.
    fn word(&mut self, len: usize) -> Found {
        let rest = self.rest();
        let (word, after) = rest.split_at(len);
        if self.is_series() && !after.starts_with('{') {
            self.series = Series::Values;
        } else if self.is_series() {
            self.series = Series::Metric;
        }
        let kind = match keyword(word) {
            Some(TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight))
                if !after.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('(') =>
            {
                TokenKind::Identifier
            }
            Some(kind) => kind,
            None if word.contains(':') => TokenKind::MetricIdentifier,
            None => TokenKind::Identifier,
        };
        (len, Ok(kind))
    }

    fn number(&mut self) -> Found {
        let rest = self.rest();
        match number::scan(rest, self.is_series()) {
            Scanned::Number(len) => (len, Ok(TokenKind::Number)),
            Scanned::Duration(len) => (len, Ok(TokenKind::Duration)),
            Scanned::Bad(len) => {
                let text = go_quote(&rest.as_bytes()[..len]);
                (len, Err(LexError::new(format!("bad number or duration syntax: {text}"))))
            }
        }
    }

    fn string(&mut self) -> Found {
        match string::scan(self.rest()) {
            Ok(len) => (len, Ok(TokenKind::String)),
            Err((len, error)) => (len, Err(error)),
        }
    }

    /// The error about the next character, which no token may start with.
    fn unexpected(&self, place: &str) -> Found {
        let len = self.peek().map_or(1, char::len_utf8);
        (len, Err(LexError::new(format!("unexpected character{place}: {}", self.quoted_at(0)))))
    }

    /// The quoted character `offset` bytes behind the current position.
    fn quoted_at(&self, offset: usize) -> String {
        go_quote_char(self.rest().get(offset..).and_then(|rest| rest.chars().next()))
    }
}

impl Iterator for Lexer<'_> {
    type Item = Lexeme;

    fn next(&mut self) -> Option<Lexeme> {
        if self.at_end {
            return None;
        }
        let start = self.pos;
        if start == self.text.len() {
            self.at_end = true;
            let error = self.end_error()?;
            let token = Token { kind: TokenKind::Error, span: Span::point(start) };
            return Some(Lexeme { token, error: Some(error) });
        }
        let (len, found) = self.find();
        self.pos = start + len;
        let span = Span::new(start, self.pos);
        let (kind, error) = match found {
            Ok(kind) => (kind, None),
            Err(error) => (TokenKind::Error, Some(error)),
        };
        Some(Lexeme { token: Token { kind, span }, error })
    }
}

/// Whether the byte may start a label name.
fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// The functions that duration expressions may call.
fn duration_word(word: &str) -> Option<TokenKind> {
    keyword(word).filter(|kind| {
        matches!(kind, TokenKind::Keyword(Keyword::Step | Keyword::Range | Keyword::MinOf | Keyword::MaxOf))
    })
}

/// Splits `text` into tokens. White space, comments and faulty text are tokens too, so the tokens tile the text.
/// Never fails.
pub fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for lexeme in Lexer::new(text) {
        let token = lexeme.token;
        if token.span.is_empty() {
            continue; // The error about an input that ends too early has no text.
        }
        match tokens.last_mut() {
            Some(last) if last.kind == TokenKind::Error && token.kind == TokenKind::Error => {
                last.span.end = token.span.end;
            }
            _ => tokens.push(token),
        }
    }
    tokens
}
