//! The sub-lexers: one set of token shapes for each mode of the lexer.

use logos::Logos;

/// Shapes outside all brackets.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Top {
    #[regex(r"[ \t\n\r]+")]
    Whitespace,
    #[regex(r"#[^\n\r]*", allow_greedy = true)]
    Comment,
    #[regex(r"[A-Za-z_:][A-Za-z0-9_:]*")]
    Word,
    /// Only the start: numbers are scanned by hand.
    #[regex(r"[0-9]|\.[0-9]")]
    NumberStart,
    /// Only the quote: strings are scanned by hand.
    #[regex("[\"'`]")]
    Quote,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("^")]
    Caret,
    #[token("==")]
    EqEq,
    #[token("=~")]
    EqTilde,
    #[token("=")]
    Assign,
    #[token("!=")]
    NotEq,
    #[token("!")]
    Bang,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEq,
    #[token("</")]
    TrimUpper,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEq,
    #[token(">/")]
    TrimLower,
    #[token("@")]
    At,
    #[token(",")]
    Comma,
    #[token("(")]
    LeftParen,
    #[token(")")]
    RightParen,
    #[token("{")]
    LeftBrace,
    #[token("[")]
    LeftBracket,
    #[token("]")]
    RightBracket,
}

/// Shapes inside braces.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Braces {
    #[regex(r"[ \t\n\r]+")]
    Whitespace,
    #[regex(r"#[^\n\r]*", allow_greedy = true)]
    Comment,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    Identifier,
    #[regex("[\"'`]")]
    Quote,
    #[token("=")]
    Assign,
    #[token("=~")]
    EqRegex,
    #[token("!=")]
    NotEq,
    #[token("!~")]
    NotRegex,
    #[token("!")]
    Bang,
    #[token(",")]
    Comma,
    #[token("{")]
    LeftBrace,
    #[token("}")]
    RightBrace,
}

/// Shapes behind `[`, up to the first number.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BracketStart {
    #[regex(r"[ \t\n\r]+")]
    Whitespace,
    #[regex(r"[A-Za-z_]+")]
    Word,
    #[regex(r"[0-9]|\.[0-9]")]
    NumberStart,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("^")]
    Caret,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token("(")]
    LeftParen,
    #[token(")")]
    RightParen,
    #[token("]")]
    RightBracket,
}

/// Shapes among the values of a series description.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Values {
    #[regex(r"[ \t\n\r]+")]
    Space,
    #[regex(r"[A-Za-wyz][A-Za-z0-9_:]*")]
    Word,
    #[regex(r"[0-9]|\.[0-9]")]
    NumberStart,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("x")]
    Times,
    #[token("_")]
    Blank,
    #[token("{{")]
    OpenHistogram,
}

/// Shapes inside a histogram literal.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Histogram {
    #[regex(r"[ \t\n\r]+")]
    Space,
    #[regex(r"[A-Za-z_]+")]
    Word,
    #[token(":")]
    Colon,
    #[token("-")]
    Minus,
    #[regex(r"[0-9]")]
    NumberStart,
    #[token("[")]
    LeftBracket,
    #[token("]")]
    RightBracket,
    #[token("}}")]
    Close,
}
