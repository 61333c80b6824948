//! Answers about a pattern that need no automaton.

mod enumerate;
mod glob;
mod literals;

use regex_syntax::hir::{Hir, HirKind};

use enumerate::{Atom, enumerate};
use glob::Glob;
use literals::LiteralSet;

/// Most globs that are tried one after the other; more are left to the automaton.
const MAX_GLOBS: usize = 16;

/// What is known about a pattern from its syntax alone.
#[derive(Debug)]
pub(crate) struct Fast {
    matcher: Matcher,
    prefix: String,
    matches_empty: Option<bool>,
}

#[derive(Debug)]
enum Matcher {
    /// The pattern matches exactly these strings.
    Literals(LiteralSet),
    /// The pattern matches what one of these matches.
    Globs(Vec<Glob>),
    /// Only the automaton knows.
    Automaton,
}

impl Fast {
    /// Analyses a pattern of `pattern_len` bytes that is to match whole values.
    pub(crate) fn new(hir: &Hir, pattern_len: usize) -> Self {
        let (matcher, prefix) = match enumerate(hir, pattern_len) {
            Some(sequences) => {
                let prefix = common_prefix(&sequences);
                (Matcher::from_sequences(sequences), prefix)
            }
            None => (Matcher::Automaton, leading_literal(hir)),
        };
        let properties = hir.properties();
        let matches_empty = match properties.minimum_len() {
            Some(0) => properties.look_set().is_empty().then_some(true),
            _ => Some(false),
        };
        Self { matcher, prefix, matches_empty }
    }

    /// Of a pattern of plain characters and `|`, the most frequent ones by far: to read them costs a third of what
    /// it takes to parse a typical query.
    pub(crate) fn of_plain(pattern: &str) -> Option<Self> {
        if !is_plain(pattern) {
            return None;
        }
        let texts: Vec<String> = pattern.split('|').map(str::to_owned).collect();
        let shared = |a: &[u8], b: &[u8]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let first = texts[0].as_bytes();
        let len = texts.iter().fold(first.len(), |len, text| shared(&first[..len], text.as_bytes()));
        let prefix = texts[0][..len].to_owned();
        let matches_empty = Some(texts.iter().any(String::is_empty));
        Some(Self { matcher: Matcher::Literals(LiteralSet::new(texts)), prefix, matches_empty })
    }

    /// Knows nothing.
    pub(crate) fn unknown() -> Self {
        Self { matcher: Matcher::Automaton, prefix: String::new(), matches_empty: None }
    }

    /// Whether the pattern matches, or `None` if only the automaton can tell.
    #[inline]
    pub(crate) fn is_match(&self, value: &str) -> Option<bool> {
        match &self.matcher {
            Matcher::Literals(literals) => Some(literals.contains(value)),
            Matcher::Globs(globs) => Some(globs.iter().any(|glob| glob.is_match(value))),
            Matcher::Automaton if self.prefix.is_empty() => None,
            Matcher::Automaton => (!value.starts_with(&self.prefix)).then_some(false),
        }
    }

    pub(crate) fn literals(&self) -> Option<&[String]> {
        match &self.matcher {
            Matcher::Literals(literals) => Some(literals.as_slice()),
            _ => None,
        }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the pattern matches the empty string, if that is plain.
    pub(crate) fn matches_empty(&self) -> Option<bool> {
        self.matches_empty
    }
}

/// Whether a pattern has plain characters and `|` only.
pub(crate) fn is_plain(pattern: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:/|".contains(&byte);
    !pattern.is_empty() && pattern.bytes().all(plain)
}

impl Matcher {
    fn from_sequences(sequences: Vec<Vec<Atom>>) -> Self {
        let is_literal = |sequence: &Vec<Atom>| sequence.iter().all(|atom| matches!(atom, Atom::Text(_)));
        if sequences.iter().all(is_literal) {
            let texts = sequences.into_iter().flat_map(|sequence| match sequence.into_iter().next() {
                Some(Atom::Text(text)) => Some(text),
                _ => Some(String::new()),
            });
            return Self::Literals(LiteralSet::new(texts.collect()));
        }
        if sequences.len() > MAX_GLOBS {
            return Self::Automaton;
        }
        match sequences.into_iter().map(Glob::new).collect() {
            Some(globs) => Self::Globs(globs),
            None => Self::Automaton,
        }
    }
}

/// The longest string that all sequences start with.
fn common_prefix(sequences: &[Vec<Atom>]) -> String {
    let mut leading = sequences.iter().map(|sequence| match sequence.first() {
        Some(Atom::Text(text)) => text.as_str(),
        _ => "",
    });
    let first = leading.next().unwrap_or("");
    let len = leading.fold(first.len(), |len, text| {
        let shared = first[..len].char_indices().zip(text.chars());
        let end = shared.take_while(|((_, a), b)| a == b).last();
        end.map_or(0, |((at, c), _)| at + c.len_utf8())
    });
    first[..len].to_owned()
}

/// The literal that an expression must start with, as far as it is plain to see.
fn leading_literal(hir: &Hir) -> String {
    let mut hir = hir;
    loop {
        hir = match hir.kind() {
            HirKind::Literal(literal) => {
                return std::str::from_utf8(&literal.0).unwrap_or_default().to_owned();
            }
            HirKind::Capture(capture) => &capture.sub,
            HirKind::Repetition(repetition) if repetition.min > 0 => &repetition.sub,
            HirKind::Concat(subs) => match subs.iter().find(|sub| !matches!(sub.kind(), HirKind::Look(_))) {
                Some(sub) => sub,
                None => return String::new(),
            },
            _ => return String::new(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    #[test]
    fn plain_patterns_are_read_as_any_other() {
        for pattern in
            ["a", "a|b", "api|web", "abc|abd|ab", "a||b", "|", "b|a|b", "host-1:9090|host-2:9090", "a/b_C"]
        {
            let plain = Fast::of_plain(pattern).expect("plain characters");
            let read = Fast::new(&parse(pattern, true).expect("valid").hir, pattern.len());
            let seen = |fast: &Fast| {
                let literals = fast.literals().map(<[String]>::to_vec);
                (literals, fast.prefix().to_owned(), fast.matches_empty())
            };
            assert_eq!(seen(&plain), seen(&read), "{pattern}");
        }
        for pattern in ["", "a.b", "(a)", "é", "a*", "a b|^c"] {
            assert!(Fast::of_plain(pattern).is_none(), "{pattern}");
        }
    }
}
