//! Tokens and keywords.

use crate::ops::AggregateOp;
use crate::span::Span;

/// A token of the source text. Tokens tile the text: white space and comments are tokens too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
}

/// Kinds of tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TokenKind {
    /// Spaces, tabs and line breaks.
    Whitespace,
    /// From `#` to the end of the line.
    Comment,
    /// Text that is no token.
    Error,
    /// A name without colons that is no keyword.
    Identifier,
    /// A name with a colon.
    MetricIdentifier,
    /// A number, `Inf` and `NaN` included.
    Number,
    /// A duration such as `1h30m`.
    Duration,
    /// A quoted string.
    String,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `^`
    Caret,
    /// `==`
    EqEq,
    /// `!=`, between expressions or in a matcher.
    NotEq,
    /// `<`
    Less,
    /// `<=`
    LessEq,
    /// `>`
    Greater,
    /// `>=`
    GreaterEq,
    /// `</`
    TrimUpper,
    /// `>/`
    TrimLower,
    /// `=`
    Assign,
    /// `=~`
    EqRegex,
    /// `!~`
    NotRegex,
    /// `@`
    At,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `{`
    LeftBrace,
    /// `}`
    RightBrace,
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// An aggregator's word.
    Aggregator(AggregateOp),
    /// Any other keyword.
    Keyword(Keyword),
    /// White space that separates items of a series description.
    Space,
    /// `x` between a value and its repetitions.
    Times,
    /// `_`, a missing sample.
    Blank,
    /// `{{`
    OpenHistogram,
    /// `}}`
    CloseHistogram,
    /// A key of a histogram literal.
    HistogramKey(HistogramKey),
    /// A counter reset hint of a histogram literal.
    Hint(Hint),
}

impl TokenKind {
    /// Whether it is white space or a comment, which the grammar never sees.
    pub const fn is_trivia(self) -> bool {
        matches!(self, TokenKind::Whitespace | TokenKind::Comment)
    }
}

/// Keywords other than aggregators. They are recognised in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[expect(missing_docs, reason = "each is the word itself")]
pub enum Keyword {
    And,
    Or,
    Unless,
    Atan2,
    Offset,
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Bool,
    Anchored,
    Smoothed,
    Fill,
    FillLeft,
    FillRight,
    Start,
    End,
    Step,
    Range,
    MinOf,
    MaxOf,
}

/// Every keyword in lower case, with its token. Sorted.
pub const KEYWORDS: &[(&str, TokenKind)] = &[
    ("anchored", TokenKind::Keyword(Keyword::Anchored)),
    ("and", TokenKind::Keyword(Keyword::And)),
    ("atan2", TokenKind::Keyword(Keyword::Atan2)),
    ("avg", TokenKind::Aggregator(AggregateOp::Avg)),
    ("bool", TokenKind::Keyword(Keyword::Bool)),
    ("bottomk", TokenKind::Aggregator(AggregateOp::BottomK)),
    ("by", TokenKind::Keyword(Keyword::By)),
    ("count", TokenKind::Aggregator(AggregateOp::Count)),
    ("count_values", TokenKind::Aggregator(AggregateOp::CountValues)),
    ("end", TokenKind::Keyword(Keyword::End)),
    ("fill", TokenKind::Keyword(Keyword::Fill)),
    ("fill_left", TokenKind::Keyword(Keyword::FillLeft)),
    ("fill_right", TokenKind::Keyword(Keyword::FillRight)),
    ("group", TokenKind::Aggregator(AggregateOp::Group)),
    ("group_left", TokenKind::Keyword(Keyword::GroupLeft)),
    ("group_right", TokenKind::Keyword(Keyword::GroupRight)),
    ("ignoring", TokenKind::Keyword(Keyword::Ignoring)),
    ("inf", TokenKind::Number),
    ("limit_ratio", TokenKind::Aggregator(AggregateOp::LimitRatio)),
    ("limitk", TokenKind::Aggregator(AggregateOp::LimitK)),
    ("max", TokenKind::Aggregator(AggregateOp::Max)),
    ("max_of", TokenKind::Keyword(Keyword::MaxOf)),
    ("min", TokenKind::Aggregator(AggregateOp::Min)),
    ("min_of", TokenKind::Keyword(Keyword::MinOf)),
    ("nan", TokenKind::Number),
    ("offset", TokenKind::Keyword(Keyword::Offset)),
    ("on", TokenKind::Keyword(Keyword::On)),
    ("or", TokenKind::Keyword(Keyword::Or)),
    ("quantile", TokenKind::Aggregator(AggregateOp::Quantile)),
    ("range", TokenKind::Keyword(Keyword::Range)),
    ("smoothed", TokenKind::Keyword(Keyword::Smoothed)),
    ("start", TokenKind::Keyword(Keyword::Start)),
    ("stddev", TokenKind::Aggregator(AggregateOp::Stddev)),
    ("stdvar", TokenKind::Aggregator(AggregateOp::Stdvar)),
    ("step", TokenKind::Keyword(Keyword::Step)),
    ("sum", TokenKind::Aggregator(AggregateOp::Sum)),
    ("topk", TokenKind::Aggregator(AggregateOp::TopK)),
    ("unless", TokenKind::Keyword(Keyword::Unless)),
    ("without", TokenKind::Keyword(Keyword::Without)),
];

/// Longest keyword, in bytes.
/// Looks a word up in a sorted table of lower-case words, ignoring its case.
fn lookup<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let mut buffer = [0; 24];
    let lower = buffer.get_mut(..word.len())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    let index = table.binary_search_by(|(text, _)| text.as_bytes().cmp(lower)).ok()?;
    Some(table[index].1)
}

/// The keyword that `word` spells in any case. `fill…` words are only keywords in front of a parenthesis.
pub fn keyword(word: &str) -> Option<TokenKind> {
    // Every name of a query is asked for here, and few letters start more than three keywords.
    let letter = word.as_bytes().first()?.to_ascii_lowercase().checked_sub(b'a').filter(|i| *i < 26)?;
    let words = KEYWORDS_BY_LETTER[usize::from(letter)];
    let found = words.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word))?;
    Some(found.1)
}

/// The keywords that start with each letter.
const KEYWORDS_BY_LETTER: [&[(&str, TokenKind)]; 26] = {
    let mut by_letter: [&[(&str, TokenKind)]; 26] = [&[]; 26];
    let mut rest = KEYWORDS;
    while let [(word, _), ..] = rest {
        let letter = word.as_bytes()[0];
        let mut n = 1;
        while n < rest.len() && rest[n].0.as_bytes()[0] == letter {
            n += 1;
        }
        let (words, behind) = rest.split_at(n);
        by_letter[(letter - b'a') as usize] = words;
        rest = behind;
    }
    by_letter
};

/// A key of a native histogram literal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[expect(missing_docs, reason = "each is the word itself")]
pub enum HistogramKey {
    Sum,
    Count,
    Schema,
    Offset,
    NOffset,
    Buckets,
    NBuckets,
    ZBucket,
    ZBucketW,
    CustomValues,
    CounterResetHint,
}

impl HistogramKey {
    /// The canonical spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Schema => "schema",
            Self::Offset => "offset",
            Self::NOffset => "n_offset",
            Self::Buckets => "buckets",
            Self::NBuckets => "n_buckets",
            Self::ZBucket => "z_bucket",
            Self::ZBucketW => "z_bucket_w",
            Self::CustomValues => "custom_values",
            Self::CounterResetHint => "counter_reset_hint",
        }
    }

    /// The number by which Prometheus' syntax errors name the token.
    pub(crate) const fn item_number(self) -> u32 {
        57370 + self as u32
    }
}

const HISTOGRAM_KEYS: &[(&str, HistogramKey)] = &[
    ("buckets", HistogramKey::Buckets),
    ("count", HistogramKey::Count),
    ("counter_reset_hint", HistogramKey::CounterResetHint),
    ("custom_values", HistogramKey::CustomValues),
    ("n_buckets", HistogramKey::NBuckets),
    ("n_offset", HistogramKey::NOffset),
    ("offset", HistogramKey::Offset),
    ("schema", HistogramKey::Schema),
    ("sum", HistogramKey::Sum),
    ("z_bucket", HistogramKey::ZBucket),
    ("z_bucket_w", HistogramKey::ZBucketW),
];

/// A counter reset hint of a native histogram literal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Hint {
    /// `unknown`
    Unknown,
    /// `reset`
    Reset,
    /// `not_reset`
    NotReset,
    /// `gauge`
    Gauge,
}

impl Hint {
    /// The canonical spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Reset => "reset",
            Self::NotReset => "not_reset",
            Self::Gauge => "gauge",
        }
    }

    /// The number by which Prometheus' syntax errors name the token.
    pub(crate) const fn item_number(self) -> u32 {
        57445 + self as u32
    }
}

const HINTS: &[(&str, Hint)] = &[
    ("gauge", Hint::Gauge),
    ("not_reset", Hint::NotReset),
    ("reset", Hint::Reset),
    ("unknown", Hint::Unknown),
];

/// The histogram key that `word` spells in any case.
pub(crate) fn histogram_key(word: &str) -> Option<HistogramKey> {
    lookup(HISTOGRAM_KEYS, word)
}

/// The counter reset hint that `word` spells in any case.
pub(crate) fn hint(word: &str) -> Option<Hint> {
    lookup(HINTS, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(KEYWORDS.is_sorted_by_key(|(word, _)| word));
        assert!(HISTOGRAM_KEYS.is_sorted_by_key(|(word, _)| word));
        assert!(HINTS.is_sorted_by_key(|(word, _)| word));
        assert!(KEYWORDS.iter().all(|(word, kind)| keyword(word) == Some(*kind)));
    }

    #[test]
    fn words_are_found_in_any_case() {
        assert_eq!(keyword("COUNT_values"), Some(TokenKind::Aggregator(AggregateOp::CountValues)));
        assert_eq!(keyword("rate"), None);
        assert_eq!(histogram_key("Counter_Reset_Hint"), Some(HistogramKey::CounterResetHint));
        assert_eq!(HistogramKey::CounterResetHint.item_number(), 57380);
        assert_eq!(Hint::Gauge.item_number(), 57448);
    }
}
