//! What the grammar expects at the cursor, worked out from the tokens before it.

use promqlite::functions;
use promqlite_syntax::{Keyword, Token, TokenKind, tokenize, unquote};

/// The word before the cursor, and what it can become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where the word starts, in bytes. A quote belongs to it.
    pub(crate) start: usize,
    /// The word so far, without its quote.
    pub(crate) word: String,
    /// The quote that it starts with.
    pub(crate) quote: Option<char>,
    /// What is expected.
    pub(crate) expected: Expected,
}

/// What is expected at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Nothing that could be completed.
    Nothing,
    /// An expression; behind a binary operator, its modifiers as well.
    Operand(Vec<&'static str>),
    /// One of these words.
    Words(Vec<&'static str>),
    /// A label of these metrics, other than these labels; a metric as well if the braces may still name one.
    LabelName {
        /// The metrics; none if that is not known.
        metrics: Vec<String>,
        /// Labels that are there already.
        used: Vec<String>,
        /// Whether a metric's name can stand here, in quotes.
        or_metric: bool,
    },
    /// A value of a label.
    LabelValue {
        /// The label.
        label: String,
        /// What the other matchers say: labels and values.
        others: Vec<(String, String)>,
        /// Whether a regular expression is expected.
        regex: bool,
    },
    /// A duration.
    Duration,
    /// A time behind `@`.
    Time,
}

/// Something that was opened and not closed.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    /// Parentheses of an expression.
    Group,
    /// A function's or an aggregation's arguments, and which of them it is, counted from 0.
    Call(String, usize),
    /// A list of labels; of the aggregation, if it is one's.
    Labels {
        /// The aggregation.
        aggregation: Option<String>,
        /// Whether it belongs to `on` or `ignoring`.
        of_matching: bool,
        /// The labels so far.
        used: Vec<String>,
    },
    /// Braces of a selector.
    Braces(Braces),
    /// Brackets.
    Brackets,
}

/// What braces hold so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Braces {
    metric: Option<String>,
    /// Finished matchers: label, operator, value.
    matchers: Vec<(String, TokenKind, String)>,
    label: Option<String>,
    op: Option<TokenKind>,
    /// Whether a comma has to come next.
    complete: bool,
}

/// The place at the end of `before`; `after` is what follows the cursor.
pub(crate) fn place(before: &str, after: &str) -> Place {
    let tokens = tokenize(before);
    let last = tokens.last().filter(|token| token.span.end == before.len());
    if last.is_some_and(|token| token.kind == TokenKind::Comment) {
        return Place { start: before.len(), word: String::new(), quote: None, expected: Expected::Nothing };
    }
    let (start, quote) = word_start(before, last);
    let word = before[start + quote.map_or(0, char::len_utf8)..].to_owned();
    let mut reader = Reader::new(before);
    let seen = tokens.iter().filter(|token| !token.kind.is_trivia() && token.span.end <= start);
    seen.for_each(|token| reader.take(*token));
    let mut expected = reader.expected();
    if let Expected::LabelName { metrics, .. } = &mut expected
        && metrics.is_empty()
    {
        *metrics = metrics_in(before, after);
    }
    Place { start, word, quote, expected }
}

/// The calls that are open at the end of `before`, the innermost last.
pub(crate) fn open_calls(before: &str) -> Vec<(String, usize)> {
    let mut reader = Reader::new(before);
    tokenize(before).into_iter().filter(|token| !token.kind.is_trivia()).for_each(|token| reader.take(token));
    let calls = reader.open.into_iter().filter_map(|open| match open {
        Open::Call(name, argument) => Some((name, argument)),
        _ => None,
    });
    calls.collect()
}

/// Where the word at the end starts: at the quote of a string that is not closed, or at its first letter.
fn word_start(before: &str, last: Option<&Token>) -> (usize, Option<char>) {
    if let Some(token) = last
        && token.kind == TokenKind::Error
        && let Some(quote) = before[token.span.start..].chars().next()
        && matches!(quote, '"' | '\'' | '`')
    {
        return (token.span.start, Some(quote));
    }
    let word = before.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'));
    (word.len(), None)
}

/// Reads tokens and remembers what is open.
struct Reader<'a> {
    text: &'a str,
    open: Vec<Open>,
    /// The last two tokens, the newest first.
    last: [Option<Token>; 2],
    /// The aggregation whose list of labels was closed last.
    listed: Option<String>,
    /// Whether what was closed last was an aggregation, which may still get its labels.
    aggregated: bool,
    /// Whether the list of `on` or `ignoring` was closed last.
    matched: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let last = [None, None];
        Self { text, open: Vec::new(), last, listed: None, aggregated: false, matched: false }
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.span.start..token.span.end]
    }

    fn take(&mut self, token: Token) {
        match token.kind {
            TokenKind::LeftParen => self.open_parenthesis(),
            TokenKind::LeftBrace => {
                let metric = self.last[0].filter(|t| is_name(t.kind)).map(|t| self.text_of(t).to_owned());
                self.open.push(Open::Braces(Braces { metric, ..Braces::default() }));
            }
            TokenKind::LeftBracket => self.open.push(Open::Brackets),
            TokenKind::RightParen | TokenKind::RightBrace | TokenKind::RightBracket => self.close(),
            _ => self.take_inside(token),
        }
        if !matches!(token.kind, TokenKind::RightParen) {
            (self.aggregated, self.matched) = (false, false);
            if !matches!(token.kind, TokenKind::LeftParen) {
                self.listed = None;
            }
        }
        self.last = [Some(token), self.last[0]];
    }

    fn open_parenthesis(&mut self) {
        let before = self.last[0];
        let opened = match before.map(|token| token.kind) {
            Some(TokenKind::Keyword(Keyword::By | Keyword::Without)) => {
                let owner = self.last[1].filter(|t| matches!(t.kind, TokenKind::Aggregator(_)));
                let aggregation = owner.map(|t| self.text_of(t).to_ascii_lowercase());
                Open::Labels { aggregation, of_matching: false, used: Vec::new() }
            }
            Some(TokenKind::Keyword(Keyword::On | Keyword::Ignoring)) => {
                Open::Labels { aggregation: None, of_matching: true, used: Vec::new() }
            }
            Some(TokenKind::Keyword(Keyword::GroupLeft | Keyword::GroupRight)) => {
                Open::Labels { aggregation: None, of_matching: false, used: Vec::new() }
            }
            Some(TokenKind::Aggregator(_) | TokenKind::Identifier) => {
                let name = before.map_or("", |token| self.text_of(token));
                Open::Call(name.to_owned(), 0)
            }
            _ => match self.listed.take() {
                Some(aggregation) => Open::Call(aggregation, 0),
                None => Open::Group,
            },
        };
        self.open.push(opened);
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Labels { aggregation, of_matching, .. }) => {
                self.listed = aggregation;
                self.matched = of_matching;
                self.aggregated = false;
            }
            Some(Open::Call(name, _)) => {
                self.aggregated = functions::aggregation(&name.to_ascii_lowercase()).is_some();
                self.matched = false;
            }
            _ => (self.aggregated, self.matched) = (false, false),
        }
    }

    fn take_inside(&mut self, token: Token) {
        let text = self.text_of(token);
        match self.open.last_mut() {
            Some(Open::Call(_, argument)) if token.kind == TokenKind::Comma => *argument += 1,
            Some(Open::Labels { used, .. }) if token.kind != TokenKind::Comma => used.push(unquoted(text)),
            Some(Open::Braces(braces)) => braces.take(token.kind, text),
            _ => {}
        }
    }

    fn expected(&self) -> Expected {
        match self.open.last() {
            Some(Open::Braces(braces)) => braces.expected(),
            Some(Open::Brackets) => Expected::Duration,
            Some(Open::Labels { used, .. }) => match self.last[0].map(|token| token.kind) {
                Some(TokenKind::LeftParen | TokenKind::Comma) => {
                    Expected::LabelName { metrics: Vec::new(), used: used.clone(), or_metric: false }
                }
                _ => Expected::Nothing,
            },
            Some(Open::Group | Open::Call(..)) | None => self.expected_outside(),
        }
    }

    /// What an expression expects where no selector and no list is open.
    fn expected_outside(&self) -> Expected {
        let Some(last) = self.last[0] else { return Expected::Operand(Vec::new()) };
        match last.kind {
            TokenKind::LeftParen | TokenKind::Comma => Expected::Operand(Vec::new()),
            TokenKind::Keyword(Keyword::Offset) => Expected::Duration,
            TokenKind::At => Expected::Time,
            TokenKind::Aggregator(_) => Expected::Words(vec!["by", "without"]),
            TokenKind::Keyword(Keyword::Bool) => Expected::Operand(vec!["on", "ignoring"]),
            TokenKind::Keyword(Keyword::And | Keyword::Or | Keyword::Unless) => {
                Expected::Operand(vec!["on", "ignoring"])
            }
            TokenKind::Keyword(Keyword::GroupLeft | Keyword::GroupRight) => Expected::Operand(Vec::new()),
            TokenKind::EqEq
            | TokenKind::NotEq
            | TokenKind::Less
            | TokenKind::LessEq
            | TokenKind::Greater
            | TokenKind::GreaterEq => Expected::Operand(vec!["bool", "on", "ignoring"]),
            TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Percent
            | TokenKind::Caret
            | TokenKind::Keyword(Keyword::Atan2) => Expected::Operand(vec!["on", "ignoring"]),
            TokenKind::RightParen if self.matched => Expected::Operand(vec!["group_left", "group_right"]),
            TokenKind::RightParen if self.aggregated => {
                Expected::Words([&["by", "without"], BEHIND].concat())
            }
            TokenKind::Identifier
            | TokenKind::MetricIdentifier
            | TokenKind::Number
            | TokenKind::Duration
            | TokenKind::String
            | TokenKind::RightParen
            | TokenKind::RightBrace
            | TokenKind::RightBracket => Expected::Words(BEHIND.to_vec()),
            _ => Expected::Nothing,
        }
    }
}

/// What may follow an expression.
const BEHIND: &[&str] = &["and", "atan2", "offset", "or", "unless"];

impl Braces {
    fn take(&mut self, kind: TokenKind, text: &str) {
        match kind {
            TokenKind::Assign | TokenKind::NotEq | TokenKind::EqRegex | TokenKind::NotRegex => {
                self.op = Some(kind)
            }
            TokenKind::Comma => {
                self.end_matcher(None);
                self.complete = false;
            }
            TokenKind::String if self.op.is_some() => {
                self.end_matcher(Some(unquoted(text)));
                self.complete = true;
            }
            _ if self.op.is_none() => self.label = Some(unquoted(text)),
            _ => {}
        }
    }

    /// A name alone, in quotes, is the metric's.
    fn end_matcher(&mut self, value: Option<String>) {
        match (self.label.take(), self.op.take(), value) {
            (Some(label), Some(op), Some(value)) => self.matchers.push((label, op, value)),
            (Some(name), None, None) => self.metric = Some(name),
            _ => {}
        }
    }

    fn expected(&self) -> Expected {
        match (&self.label, self.op) {
            (Some(label), Some(op)) => {
                let known = self.matchers.iter().filter(|(_, op, _)| *op == TokenKind::Assign);
                let mut others: Vec<_> =
                    known.map(|(name, _, value)| (name.clone(), value.clone())).collect();
                others.extend(self.metric.clone().map(|metric| ("__name__".to_owned(), metric)));
                let regex = matches!(op, TokenKind::EqRegex | TokenKind::NotRegex);
                Expected::LabelValue { label: label.clone(), others, regex }
            }
            (Some(_), None) => Expected::Nothing,
            (None, _) if self.complete => Expected::Nothing,
            (None, _) => Expected::LabelName {
                metrics: self.metric.clone().into_iter().collect(),
                used: self.matchers.iter().map(|(name, _, _)| name.clone()).collect(),
                or_metric: self.metric.is_none(),
            },
        }
    }
}

fn is_name(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Identifier
            | TokenKind::MetricIdentifier
            | TokenKind::Keyword(_)
            | TokenKind::Aggregator(_)
    )
}

/// A name or a string without its quotes.
fn unquoted(text: &str) -> String {
    let inside = if text.starts_with(['"', '\'', '`']) { unquote(text) } else { None };
    inside.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

/// The metrics that a line names, before the cursor and behind it. An aggregation's list of labels may stand on
/// either side of what it aggregates.
fn metrics_in(before: &str, after: &str) -> Vec<String> {
    let mut metrics = Vec::new();
    for text in [before, after] {
        let mut reader = Reader::new(text);
        let tokens: Vec<Token> = tokenize(text).into_iter().filter(|token| !token.kind.is_trivia()).collect();
        for (i, &token) in tokens.iter().enumerate() {
            let outside = matches!(reader.open.last(), None | Some(Open::Group | Open::Call(..)));
            let calls = tokens.get(i + 1).is_some_and(|next| next.kind == TokenKind::LeftParen);
            let names = matches!(token.kind, TokenKind::Identifier | TokenKind::MetricIdentifier);
            if names && outside && !calls {
                metrics.push(reader.text_of(token).to_owned());
            }
            reader.take(token);
        }
    }
    metrics.sort_unstable();
    metrics.dedup();
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is expected at `|`, in short.
    fn at(text: &str) -> String {
        let (before, after) = text.split_once('|').expect("a cursor");
        let place = place(before, after);
        let shown = match place.expected {
            Expected::Nothing => "nothing".to_owned(),
            Expected::Operand(words) => format!("operand {}", words.join(" ")),
            Expected::Words(words) => words.join(" "),
            Expected::LabelName { metrics, used, or_metric } => {
                let metric = if or_metric { " or metric" } else { "" };
                format!("label of [{}] but [{}]{metric}", metrics.join(" "), used.join(" "))
            }
            Expected::LabelValue { label, others, regex } => {
                let others: Vec<String> = others.iter().map(|(n, v)| format!("{n}={v}")).collect();
                format!("{}value of {label} with [{}]", if regex { "regex " } else { "" }, others.join(" "))
            }
            Expected::Duration => "duration".to_owned(),
            Expected::Time => "time".to_owned(),
        };
        format!("{}:{} {}", place.start, place.word, shown.trim_end())
    }

    #[test]
    fn places() {
        for (text, want) in [
            ("|", "0: operand"),
            ("ra|", "0:ra operand"),
            ("sum(ra|", "4:ra operand"),
            ("sum by (jo|", "8:jo label of [] but []"),
            ("sum by (job, in| ) (rate(up[5m]))", "13:in label of [up] but [job]"),
            ("sum(rate(up[5m])) by (|", "22: label of [up] but []"),
            ("a * on (|) group_left b", "8: label of [a b] but []"),
            ("a * on (x) gr|", "11:gr operand group_left group_right"),
            ("a * o|", "4:o operand on ignoring"),
            ("a > b|", "4:b operand bool on ignoring"),
            ("sum |", "4: by without"),
            ("sum(a) b|", "7:b by without and atan2 offset or unless"),
            ("sum by (a) (b) |", "15: by without and atan2 offset or unless"),
            ("a o|", "2:o and atan2 offset or unless"),
            ("a[5|", "2:5 duration"),
            ("a offset |", "9: duration"),
            ("a @ st|", "4:st time"),
            ("up{|", "3: label of [up] but []"),
            ("up{job=\"a\",|", "11: label of [up] but [job]"),
            ("{|", "1: label of [] but [] or metric"),
            ("{\"my.|", "1:my. label of [] but [] or metric"),
            ("{\"my.m\", |", "9: label of [my.m] but []"),
            ("up{job|=\"a\"}", "3:job label of [up] but []"),
            ("up{job |", "7: nothing"),
            ("up{job=|", "7: value of job with [__name__=up]"),
            ("up{job=\"a|", "7:a value of job with [__name__=up]"),
            ("up{a='b', job=~\"a b|", "15:a b regex value of job with [a=b __name__=up]"),
            ("up{job=\"a\"|", "10: nothing"),
            ("# com|", "5: nothing"),
            ("rate(up{job=\"a\"}[|", "17: duration"),
            ("(a + |", "5: operand on ignoring"),
        ] {
            assert_eq!(at(text), want, "{text}");
        }
    }

    #[test]
    fn calls() {
        let calls = |text| open_calls(text).pop();
        assert_eq!(calls("rate("), Some(("rate".into(), 0)));
        assert_eq!(calls("round(x, "), Some(("round".into(), 1)));
        assert_eq!(calls("sum by (a, b) ("), Some(("sum".into(), 0)));
        assert_eq!(calls("sum(rate(a{b=\"c\"}[5m]), "), Some(("sum".into(), 1)));
        assert_eq!(calls("rate(x)"), None);
    }

    #[test]
    fn no_beginning_panics() {
        let text =
            "sum by (job, \"é.x\") (rate({\"my.metric\", job=~'a|b'}[5m:1m] @ end())) / on () group_left x";
        for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
            place(&text[..end], &text[end..]);
            open_calls(&text[end..]);
        }
    }
}
