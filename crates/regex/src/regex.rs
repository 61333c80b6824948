//! The regular expression of a matcher or a `label_replace`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use regex_automata::meta;
use regex_syntax::hir::{Hir, HirKind, Look};

use crate::cost::{automata_bytes, is_small};
use crate::error::{RegexError, RegexErrorReason};
use crate::fast::Fast;
use crate::parse::{Parsed, parse};
use crate::stack::with_room_for;
use crate::template::{Part, Template};

/// Limit of the compiled size of a pattern, bytes. Past it the pattern is rejected as too large.
pub(crate) const MAX_COMPILED_BYTES: usize = 64 << 20;

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
    /// Whether the whole pattern is one group, such as `(.*)`: that group is then the whole value.
    is_one_group: bool,
    /// An upper estimate of what the engine takes.
    compiled_bytes: usize,
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
    /// exceed 64 MiB.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let anchoring = Anchoring::Whole;
        if let Some(fast) = Fast::of_plain(pattern) {
            return Ok(Self(Arc::new(Inner {
                pattern: pattern.into(),
                anchoring,
                fast,
                group_names: vec![None],
                is_one_group: false,
                compiled_bytes: 0,
                engine: OnceLock::new(),
            })));
        }
        Self::build(pattern, anchoring, anchoring.parse(pattern)?)
    }

    /// Reads the pattern of a `label_replace`, which Prometheus pastes between `^(?s:` and `)$` unchecked.
    ///
    /// So `a)|(b` is valid and matches what starts with `a` or ends in `b`, and `\Qa` is not.
    pub fn for_label_replace(pattern: &str) -> Result<Self, RegexError> {
        // Only an escape can swallow what is pasted behind, and what is small does not become too large.
        if is_small(pattern)
            && let Ok(parsed) = Anchoring::Whole.parse(pattern)
        {
            return Self::build(pattern, Anchoring::Whole, parsed);
        }
        let pasted = Anchoring::Pasted.parse(pattern)?;
        match Anchoring::Whole.parse(pattern) {
            Ok(parsed) => Self::build(pattern, Anchoring::Whole, parsed),
            Err(_) => Self::build(pattern, Anchoring::Pasted, pasted),
        }
    }

    fn build(pattern: &str, anchoring: Anchoring, parsed: Parsed) -> Result<Self, RegexError> {
        let fast = match anchoring {
            Anchoring::Whole => with_room_for(pattern, || Fast::new(&parsed.hir, pattern.len())),
            Anchoring::Pasted => Fast::unknown(),
        };
        let needs_engine = fast.literals().is_none() || parsed.group_names.len() > 1;
        if needs_engine && parsed.cost_bytes > MAX_COMPILED_BYTES as u64 {
            // Only compiling can tell whether this still fits, and errors are due now. It is not kept: a query may
            // have many of these, and whoever runs it counts what it uses.
            let compiled = with_room_for(pattern, || compile(&anchoring.tie(&parsed.hir)));
            compiled.ok_or_else(|| RegexError::new(RegexErrorReason::TooLarge, pattern))?;
        }
        let is_one_group = anchoring == Anchoring::Whole
            && parsed.group_names.len() == 2
            && matches!(parsed.hir.kind(), HirKind::Capture(_));
        let (pattern, compiled_bytes, engine) = (pattern.into(), automata_bytes(&parsed), OnceLock::new());
        let group_names = parsed.group_names;
        Ok(Self(Arc::new(Inner {
            pattern,
            anchoring,
            fast,
            group_names,
            is_one_group,
            compiled_bytes,
            engine,
        })))
    }

    /// An upper estimate of the bytes that the automata of the pattern hold once they are used; 0 if it needs none.
    pub fn compiled_bytes(&self) -> usize {
        self.0.compiled_bytes
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
        let answer = self.0.fast.is_match(value);
        if answer == Some(false) {
            return None;
        }
        if answer == Some(true) && self.0.group_names.len() == 1 {
            return Some(self.expand(template, |index| (index == 0).then_some(value)));
        }
        if answer == Some(true) && self.0.is_one_group {
            return Some(self.expand(template, |index| (index <= 1).then_some(value)));
        }
        let engine = self.engine();
        let mut captures = engine.create_captures();
        engine.captures(value, &mut captures);
        let group = |index: usize| captures.get_group(index).map(|span| &value[span.range()]);
        captures.is_match().then(|| self.expand(template, group))
    }

    /// Fills in a template; `group` yields the text of a group that took part in the match.
    fn expand<'v>(&self, template: &Template, group: impl Fn(usize) -> Option<&'v str>) -> String {
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
            compiled.expect(
                "invariant: a validated pattern compiles, since its estimated size is below the limit",
            )
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
    // No full DFA: building one takes longer than most queries, and the lazy one matches as fast.
    let config = meta::Config::new().nfa_size_limit(Some(MAX_COMPILED_BYTES)).dfa(false);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece() -> impl Strategy<Value = String> {
        let atoms = vec![
            "a", "b", "ab", "é", ".", ".*", ".+", ".*?", ".{2}", ".{2,}", ".?", "[ab]", "[^a]", r"\d", "^",
            "$", r"\b", "", "(?i:a)", "(?-s:.)*", r"\n", "(?m)^", "(?m)$", r"\B", "[a-é]",
        ];
        prop::sample::select(atoms).prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                4 => prop::collection::vec(inner.clone(), 1..4).prop_map(|pieces| pieces.concat()),
                2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|pieces| format!("({})", pieces.join("|"))),
                1 => (inner, prop::sample::select(vec!["?", "*", "+", "{2}", "{0}", "{1,2}", "{0,3}"]))
                    .prop_map(|(piece, operator)| format!("(?:{piece}){operator}")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// What is read off the syntax agrees with the automaton.
        #[test]
        fn fast_answers_equal_those_of_the_automaton(
            pattern in piece(),
            values in prop::collection::vec("[abé1\n]{0,5}", 8),
        ) {
            let regex = Regex::new(&pattern).unwrap();
            prop_assert_eq!(regex.matches_empty(), regex.engine().is_match(""));
            let literals = regex.literals().unwrap_or_default();
            for value in values.iter().chain(literals) {
                let expected = regex.engine().is_match(value);
                prop_assert_eq!(regex.is_match(value), expected, "{} on {:?}", pattern, value);
                prop_assert!(!expected || value.starts_with(regex.prefix()), "{} on {:?}", pattern, value);
            }
            for literal in literals {
                prop_assert!(regex.is_match(literal));
            }
        }

        /// The estimate that spares compiling at once is on the safe side.
        #[test]
        fn cost_covers_the_compiled_size(pattern in piece(), class in prop::sample::select(vec![
            r"\pL", r"\PL", r"\p{So}", r"(?i)\p{Greek}", r"[^é]", r"\p{Han}", r"\p{Cn}",
        ])) {
            let parsed = parse(&format!("({pattern}){class}({pattern}){{3}}"), true).unwrap();
            let hir = Anchoring::Whole.tie(&parsed.hir);
            let config = meta::Config::new().nfa_size_limit(Some(parsed.cost_bytes as usize + 4096));
            prop_assert!(meta::Builder::new().configure(config).build_from_hir(&hir).is_ok());
        }
    }

    #[test]
    fn common_forms_need_no_automaton() {
        for pattern in [
            "",
            "abc",
            "a|b|c",
            "foo(a|b)",
            "5..",
            "4..|5..",
            ".*",
            ".+",
            "foo.*",
            ".*foo",
            ".*foo.*",
            ".+foo.+",
            "^foo$",
            "^foo.*$",
            "a.*b.*c",
            "(foo|bar).*",
            "(?:a|b)?",
            r"10\.0\.0\.[0-9]:9100",
            "(?i)get|post",
        ] {
            let regex = Regex::new(pattern).unwrap();
            assert!(regex.0.fast.is_match("foo").is_some(), "{pattern}");
            regex.is_match("foo");
            assert!(regex.0.engine.get().is_none(), "{pattern}");
        }
    }

    #[test]
    fn small_patterns_are_pasted_as_they_are() {
        let small = [
            "",
            "(.*)",
            "a|b",
            "^a$",
            "(?i)a",
            "[a-z]+:(.*)",
            "a)|(b",
            "(",
            "*",
            "a**",
            "(?P<x>.)(?P<y>.)",
            "[",
            "(?",
        ];
        for pattern in small {
            assert!(is_small(pattern));
            let pasted = Anchoring::Pasted.parse(pattern).map(|_| ()).map_err(|e| e.to_string());
            let read = Regex::for_label_replace(pattern).map(|_| ()).map_err(|e| e.to_string());
            assert_eq!(read, pasted, "{pattern}");
        }
        assert!(!is_small("\\Qa") && !is_small("a{2}") && Regex::for_label_replace("\\Qa").is_err());
    }

    #[test]
    fn a_pattern_that_is_one_group_needs_no_automaton() {
        let template = Template::new("<$1|$name|$2|$0>");
        for (pattern, matches) in [
            ("(.*)", true),
            ("(?P<name>.+)", true),
            ("^(foo|bar)$", true),
            ("(.*)(.*)", true),
            ("(bar.*)", false),
        ] {
            let regex = Regex::for_label_replace(pattern).unwrap();
            let by_engine = {
                let mut captures = regex.engine().create_captures();
                regex.engine().captures("foo", &mut captures);
                let group = |i: usize| captures.get_group(i).map(|span| &"foo"[span.range()]);
                captures.is_match().then(|| regex.expand(&template, group))
            };
            assert_eq!(regex.replace("foo", &template), by_engine, "{pattern}");
            assert_eq!(by_engine.is_some(), matches, "{pattern}");
        }
        let regex = Regex::for_label_replace("(.*)").unwrap();
        assert_eq!(regex.replace("a\nb", &Template::new("$1!")).as_deref(), Some("a\nb!"));
        assert!(regex.0.engine.get().is_none());
    }

    #[test]
    fn literals_and_prefixes_are_found() {
        let cases: [(&str, Option<&[&str]>, &str); 12] = [
            ("", Some(&[""]), ""),
            ("b|a|b", Some(&["a", "b"]), ""),
            ("foo(a|b)?", Some(&["foo", "fooa", "foob"]), "foo"),
            ("^(?:foo)$", Some(&["foo"]), "foo"),
            ("(?i)ab", Some(&["AB", "Ab", "aB", "ab"]), ""),
            ("a[0-2]", Some(&["a0", "a1", "a2"]), "a"),
            ("[^\\x00-\\x{10FFFF}]", Some(&[]), ""),
            ("foo.*", None, "foo"),
            ("foo.*|foobar", None, "foo"),
            (r"foo\d+", None, "foo"),
            (r"(?:é|è).*", None, ""),
            (r"a\b.*", None, "a"),
        ];
        for (pattern, literals, prefix) in cases {
            let regex = Regex::new(pattern).unwrap();
            let found = regex.literals().map(|found| found.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), literals, "{pattern}");
            assert_eq!(regex.prefix(), prefix, "{pattern}");
        }
    }

    #[test]
    fn equality_is_by_pattern_and_use() {
        assert_eq!(Regex::new("a").unwrap(), Regex::for_label_replace("a").unwrap());
        assert_ne!(Regex::new("a").unwrap(), Regex::new("(a)").unwrap());
    }

    #[test]
    fn regexes_are_shared_by_threads() {
        fn check<T: Send + Sync>() {}
        check::<Regex>();
        check::<Template>();
    }
}
