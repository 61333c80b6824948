//! The regular expression of a matcher or a `label_replace`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use regex_automata::meta;
use regex_automata::util::captures::Captures;
use regex_syntax::hir::{Hir, Look};

use crate::error::{RegexError, RegexErrorReason};
use crate::fast::Fast;
use crate::parse::{Parsed, parse};
use crate::stack::with_room_for;
use crate::template::{Part, Template};

/// Limit of the compiled size of a pattern, bytes. Past it the pattern is rejected as too large.
const MAX_COMPILED_BYTES: usize = 32 << 20;

/// A regular expression in Go's syntax that matches whole values, with `.` matching newlines.
///
/// Creating one validates it; automata are compiled on first use, and only if the pattern has no simpler form, such as
/// a set of strings or a prefix. Clones share all of that. Two are equal if their patterns and uses are.
#[derive(Clone)]
pub struct Regex(Arc<Inner>);

struct Inner {
    pattern: Box<str>,
    anchoring: Anchoring,
    fast: Fast,
    group_names: Vec<Option<Box<str>>>,
    engine: OnceLock<meta::Regex>,
}

/// How the pattern is tied to the ends of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Anchoring {
    /// The pattern matches from end to end.
    Whole,
    /// The pattern is pasted between `^(?s:` and `)$`, and unbalanced parentheses may escape from there.
    Pasted,
}

impl Regex {
    /// Reads the pattern of a matcher (`=~` and `!~`).
    ///
    /// Fails with Go's error if the pattern is not valid, and with "expression too large" if its automaton would
    /// exceed 32 MiB.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let anchoring = Anchoring::Whole;
        Self::build(pattern, anchoring, anchoring.parse(pattern)?)
    }

    /// Reads the pattern of a `label_replace`, which Prometheus pastes between `^(?s:` and `)$` unchecked.
    ///
    /// So `a)|(b` is valid and matches what starts with `a` or ends in `b`, and `\Qa` is not.
    pub fn for_label_replace(pattern: &str) -> Result<Self, RegexError> {
        let pasted = Anchoring::Pasted.parse(pattern)?;
        match Anchoring::Whole.parse(pattern) {
            Ok(parsed) => Self::build(pattern, Anchoring::Whole, parsed),
            Err(_) => Self::build(pattern, Anchoring::Pasted, pasted),
        }
    }

    fn build(pattern: &str, anchoring: Anchoring, parsed: Parsed) -> Result<Self, RegexError> {
        let engine = OnceLock::new();
        if parsed.cost_bytes > MAX_COMPILED_BYTES as u64 {
            // Only compiling can tell whether this still fits, and errors are due now.
            let compiled = with_room_for(pattern, || compile(&anchoring.tie(&parsed.hir)));
            let compiled = compiled.ok_or_else(|| RegexError::new(RegexErrorReason::TooLarge, pattern))?;
            engine.get_or_init(|| compiled);
        }
        let fast = match anchoring {
            Anchoring::Whole => with_room_for(pattern, || Fast::new(&parsed.hir, pattern.len())),
            Anchoring::Pasted => Fast::unknown(),
        };
        let group_names = parsed.group_names;
        Ok(Self(Arc::new(Inner { pattern: pattern.into(), anchoring, fast, group_names, engine })))
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0.pattern
    }

    /// Whether the pattern matches the whole value.
    pub fn is_match(&self, value: &str) -> bool {
        match self.0.fast.is_match(value) {
            Some(answer) => answer,
            None => self.engine().is_match(value),
        }
    }

    /// All values that the pattern matches, sorted, if they are few: as many as the pattern spells out, or 256.
    pub fn literals(&self) -> Option<&[String]> {
        self.0.fast.literals()
    }

    /// A string that every matching value starts with; it may be empty.
    pub fn prefix(&self) -> &str {
        self.0.fast.prefix()
    }

    /// Whether the pattern matches the empty string, that is a series without the label.
    pub fn matches_empty(&self) -> bool {
        self.0.fast.matches_empty().unwrap_or_else(|| self.is_match(""))
    }

    /// The expansion of `template` with the groups of a match of `value`, or `None` if there is no match.
    pub fn replace(&self, value: &str, template: &Template) -> Option<String> {
        if let Some(text) = template.as_literal() {
            return self.is_match(value).then(|| text.to_owned());
        }
        if self.0.fast.is_match(value) == Some(false) {
            return None;
        }
        let engine = self.engine();
        let mut captures = engine.create_captures();
        engine.captures(value, &mut captures);
        captures.is_match().then(|| self.expand(value, &captures, template))
    }

    fn expand(&self, value: &str, captures: &Captures, template: &Template) -> String {
        let group = |index: usize| captures.get_group(index).map(|span| &value[span.range()]);
        let named = |name: &str| {
            let names = self.0.group_names.iter().enumerate();
            names.filter(|(_, known)| known.as_deref() == Some(name)).find_map(|(index, _)| group(index))
        };
        let mut expanded = String::new();
        for part in template.parts() {
            expanded.push_str(match part {
                Part::Text(text) => text,
                Part::Index(index) => group(*index).unwrap_or(""),
                Part::Name(name) => named(name).unwrap_or(""),
            });
        }
        expanded
    }

    fn engine(&self) -> &meta::Regex {
        let Inner { pattern, anchoring, engine, .. } = &*self.0;
        engine.get_or_init(|| {
            let compiled = with_room_for(pattern, || {
                let parsed = anchoring.parse(pattern).ok()?;
                compile(&anchoring.tie(&parsed.hir))
            });
            compiled.expect("invariant: a pattern was validated, and its estimated size is below the limit")
        })
    }
}

impl Anchoring {
    fn parse(self, pattern: &str) -> Result<Parsed, RegexError> {
        with_room_for(pattern, || match self {
            Self::Whole => parse(pattern, true),
            Self::Pasted => parse(&format!("^(?s:{pattern})$"), false),
        })
    }

    /// Anchors a parsed pattern unless its text already is.
    fn tie(self, hir: &Hir) -> Hir {
        match self {
            Self::Whole => Hir::concat(vec![Hir::look(Look::Start), hir.clone(), Hir::look(Look::End)]),
            Self::Pasted => hir.clone(),
        }
    }
}

fn compile(hir: &Hir) -> Option<meta::Regex> {
    let config = meta::Config::new().nfa_size_limit(Some(MAX_COMPILED_BYTES));
    meta::Builder::new().configure(config).build_from_hir(hir).ok()
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.0.pattern).finish()
    }
}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.pattern)
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.0.pattern == other.0.pattern && self.0.anchoring == other.0.anchoring
    }
}

impl Eq for Regex {}

impl Hash for Regex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.pattern.hash(state);
        self.0.anchoring.hash(state);
    }
}
