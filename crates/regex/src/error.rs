//! Why a pattern was rejected, in Go's words.

use std::fmt;

/// A pattern that is not a regular expression in Go's syntax, or one that is too large to compile.
///
/// Its text is the one that Go's `regexp` package prints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {reason}: `{fragment}`")]
pub struct RegexError {
    reason: RegexErrorReason,
    fragment: String,
}

impl RegexError {
    pub(crate) fn new(reason: RegexErrorReason, fragment: impl Into<String>) -> Self {
        Self { reason, fragment: fragment.into() }
    }

    /// What is wrong.
    pub fn reason(&self) -> RegexErrorReason {
        self.reason
    }

    /// The part of the pattern that is to blame, as Go cuts it; empty for a trailing backslash.
    pub fn fragment(&self) -> &str {
        &self.fragment
    }

    /// The message without its leading `error parsing regexp: `, that is ``REASON: `FRAGMENT` ``.
    pub fn detail(&self) -> String {
        format!("{}: `{}`", self.reason, self.fragment)
    }
}

/// The kinds of [`RegexError`]; displayed as Go names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegexErrorReason {
    /// A range whose ends are reversed, or an unknown `\p{…}` or `[:…:]` class.
    InvalidCharRange,
    /// A backslash before something that has no escaped meaning.
    InvalidEscape,
    /// A group name that is empty, unterminated, or has characters other than letters, digits and underscores.
    InvalidNamedCapture,
    /// A `(?` that starts neither a group nor a flag setting.
    InvalidPerlOp,
    /// A repetition operator straight after another one.
    InvalidRepeatOp,
    /// A repeat count over 1000, reversed bounds, or nested counts whose product exceeds 1000.
    InvalidRepeatSize,
    /// A `[` without its `]`.
    MissingBracket,
    /// A `(` without its `)`.
    MissingParen,
    /// A repetition operator with nothing before it.
    MissingRepeatArgument,
    /// A backslash at the end.
    TrailingBackslash,
    /// A `)` without its `(`.
    UnexpectedParen,
    /// A syntax tree higher than 1000.
    NestingDepth,
    /// A pattern whose compiled form would exceed the size limit.
    TooLarge,
}

impl RegexErrorReason {
    /// Go's name for this reason, for example `missing closing )`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidCharRange => "invalid character class range",
            Self::InvalidEscape => "invalid escape sequence",
            Self::InvalidNamedCapture => "invalid named capture",
            Self::InvalidPerlOp => "invalid or unsupported Perl syntax",
            Self::InvalidRepeatOp => "invalid nested repetition operator",
            Self::InvalidRepeatSize => "invalid repeat count",
            Self::MissingBracket => "missing closing ]",
            Self::MissingParen => "missing closing )",
            Self::MissingRepeatArgument => "missing argument to repetition operator",
            Self::TrailingBackslash => "trailing backslash at end of expression",
            Self::UnexpectedParen => "unexpected )",
            Self::NestingDepth => "expression nests too deeply",
            Self::TooLarge => "expression too large",
        }
    }
}

impl fmt::Display for RegexErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
