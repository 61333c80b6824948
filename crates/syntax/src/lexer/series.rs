//! The modes of the lexer behind the metric of a series description.

use logos::Logos;

use super::number::{self, Scanned};
use super::shapes::{Histogram, Values};
use super::{Found, LexError, Lexer, Series};
use crate::quote::go_quote;
use crate::token::{TokenKind, hint, histogram_key, keyword};

impl Lexer<'_> {
    /// Among the values.
    pub(super) fn in_values(&mut self) -> Found {
        let mut shapes = Values::lexer(self.rest());
        let Some(Ok(shape)) = shapes.next() else { return self.unexpected(" in series sequence") };
        let len = shapes.span().end;
        let kind = match shape {
            Values::Space => TokenKind::Space,
            Values::Word => return self.word(len),
            Values::NumberStart => return self.value_number(),
            Values::Plus => TokenKind::Plus,
            Values::Minus => TokenKind::Minus,
            Values::Times => TokenKind::Times,
            Values::Blank => TokenKind::Blank,
            Values::OpenHistogram => {
                self.series = Series::Histogram;
                TokenKind::OpenHistogram
            }
        };
        (len, Ok(kind))
    }

    /// Inside `{{ }}`.
    pub(super) fn in_histogram(&mut self) -> Found {
        let mut shapes = Histogram::lexer(self.rest());
        let shape = shapes.next();
        let len = shapes.span().end;
        let kind = match shape {
            Some(Ok(Histogram::Space)) => TokenKind::Space,
            Some(Ok(Histogram::Word)) => return self.histogram_word(len),
            Some(Ok(Histogram::Colon)) => TokenKind::Colon,
            Some(Ok(Histogram::Minus)) => TokenKind::Minus,
            Some(Ok(Histogram::NumberStart)) => return self.value_number(),
            Some(Ok(Histogram::LeftBracket)) => {
                self.series = Series::Buckets;
                TokenKind::LeftBracket
            }
            Some(Ok(Histogram::Close)) => {
                self.series = Series::Values;
                TokenKind::CloseHistogram
            }
            Some(Ok(Histogram::RightBracket) | Err(())) | None => {
                return self.bad_character("histogram description incomplete unexpected: ");
            }
        };
        (len, Ok(kind))
    }

    /// Inside a bucket list.
    pub(super) fn in_buckets(&mut self) -> Found {
        let rest = self.rest();
        let mut shapes = Histogram::lexer(rest);
        let shape = shapes.next();
        let len = shapes.span().end;
        let kind = match shape {
            Some(Ok(Histogram::Space)) => TokenKind::Space,
            // Behind a sign Prometheus only reads digits here, so there is no -Inf in a list.
            Some(Ok(Histogram::Word)) if self.text[..self.pos].ends_with('-') => {
                return (len, Err(LexError::new("bad number syntax: \"\"")));
            }
            Some(Ok(Histogram::Word)) => match keyword(&rest[..len]) {
                Some(TokenKind::Number) => TokenKind::Number,
                _ => return self.bad_character("invalid character in buckets description: "),
            },
            Some(Ok(Histogram::Minus)) => TokenKind::Minus,
            Some(Ok(Histogram::NumberStart)) => return self.value_number(),
            Some(Ok(Histogram::RightBracket)) => {
                self.series = Series::Histogram;
                TokenKind::RightBracket
            }
            Some(Ok(Histogram::Colon | Histogram::LeftBracket | Histogram::Close) | Err(())) | None => {
                return self.bad_character("invalid character in buckets description: ");
            }
        };
        (len, Ok(kind))
    }

    /// A key, a hint, or `Inf` or `NaN`.
    fn histogram_word(&mut self, len: usize) -> Found {
        let (word, after) = self.rest().split_at(len);
        if let Some(key) = histogram_key(word) {
            if after.starts_with(':') {
                return (len, Ok(TokenKind::HistogramKey(key)));
            }
            return (len, Err(LexError::new("missing `:` for histogram descriptor")));
        }
        if keyword(word) == Some(TokenKind::Number) {
            return (len, Ok(TokenKind::Number));
        }
        match hint(word) {
            Some(hint) => (len, Ok(TokenKind::Hint(hint))),
            None => {
                let message = format!("bad histogram descriptor found: {}", go_quote(word.as_bytes()));
                (len, Err(LexError::new(message)))
            }
        }
    }

    fn value_number(&mut self) -> Found {
        let rest = self.rest();
        match number::scan_value(rest) {
            Scanned::Number(len) => (len, Ok(TokenKind::Number)),
            Scanned::Duration(len) | Scanned::Bad(len) => {
                let text = go_quote(&rest.as_bytes()[..len]);
                (len, Err(LexError::new(format!("bad number syntax: {text}"))))
            }
        }
    }

    fn bad_character(&self, text: &str) -> Found {
        let len = self.peek().map_or(1, char::len_utf8);
        (len, Err(LexError::new(format!("{text}{}", self.quoted_at(0)))))
    }
}
