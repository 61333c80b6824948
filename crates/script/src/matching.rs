//! Texts that errors and annotations are held to.

use std::fmt;
use std::sync::Arc;

use promqlite_regex::{Regex, RegexError};

/// What a text must look like.
#[derive(Clone, Debug)]
pub enum TextMatch {
    /// Anything does.
    Any,
    /// It must be exactly this.
    Exact(String),
    /// This expression must match somewhere in it.
    Pattern {
        /// The expression as written.
        pattern: String,
        /// It, compiled to be found anywhere in a text.
        regex: Arc<Regex>,
    },
}

impl TextMatch {
    /// Matches where `pattern`, in RE2 syntax, matches somewhere.
    ///
    /// # Errors
    /// The pattern is no regular expression.
    pub fn pattern(pattern: &str) -> Result<Self, RegexError> {
        // Checked alone first, so that `a)|(b` does not pass for the pieces around it.
        Regex::new(pattern)?;
        let regex = Regex::new(&format!("(?s:.*)(?-s:{pattern})(?s:.*)"))?;
        Ok(Self::Pattern { pattern: pattern.to_owned(), regex: Arc::new(regex) })
    }

    /// Whether `text` is as it must be.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(wanted) => text == wanted,
            Self::Pattern { regex, .. } => regex.is_match(text),
        }
    }
}

impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Exact(text) => f.write_str(text),
            Self::Pattern { pattern, .. } => f.write_str(pattern),
        }
    }
}

/// What is expected of the annotations of one level.
#[derive(Clone, Debug, Default)]
pub enum AnnotationRule {
    /// Nothing.
    #[default]
    Unrestricted,
    /// There must be one at least.
    Some,
    /// There must be none.
    None,
    /// Each of these must match one, and each one must be matched by one of these.
    Matching(Vec<TextMatch>),
}

/// The words that error texts use for a level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LevelWords {
    pub(crate) singular: &'static str,
    pub(crate) plural: &'static str,
}

pub(crate) const WARN: LevelWords = LevelWords { singular: "warn", plural: "warning" };
pub(crate) const INFO: LevelWords = LevelWords { singular: "info", plural: "info" };

impl AnnotationRule {
    /// Holds the annotations `found` to the rule. The error is Prometheus' text.
    pub(crate) fn check(
        &self,
        found: &[String],
        words: LevelWords,
        query: &str,
        line: usize,
    ) -> Result<(), String> {
        let kind = words.singular;
        let listed = || format!("[{}]", found.join(" "));
        match self {
            Self::Unrestricted => Ok(()),
            Self::None if found.is_empty() => Ok(()),
            Self::None => {
                let plural = words.plural;
                Err(format!(
                    "unexpected {plural} annotations evaluating query {query:?} (line {line}): {}",
                    listed()
                ))
            }
            Self::Some | Self::Matching(_) if found.is_empty() => Err(format!(
                "expected {kind} annotations but none were found for query {query:?} (line {line})"
            )),
            Self::Some => Ok(()),
            Self::Matching(wanted) => {
                if let Some(missed) = wanted.iter().find(|w| !found.iter().any(|text| w.matches(text))) {
                    let what =
                        if matches!(missed, TextMatch::Pattern { .. }) { "pattern" } else { "message" };
                    return Err(format!(
                        "expected {kind} annotation matching {what} {:?} but no matching annotation was found for query {query:?} (line {line}), found: {}",
                        missed.to_string(),
                        listed()
                    ));
                }
                match found.iter().find(|text| !wanted.iter().any(|w| w.matches(text))) {
                    Some(text) => Err(format!(
                        "unexpected {kind} annotation {text:?} found for query {query} (line {line})"
                    )),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_anywhere() {
        let found = |pattern: &str, text: &str| TextMatch::pattern(pattern).unwrap().matches(text);
        assert!(found("b.d", "abcde"));
        assert!(found("a|z", "xxz"));
        assert!(found("^a", "ab") && !found("^b", "ab"));
        assert!(found("a$", "ba") && !found("a$", "ab"));
        assert!(!found("a.b", "a\nb"));
        assert!(TextMatch::pattern("a)|(b").is_err());
    }

    #[test]
    fn rules_say_what_is_wrong() {
        let exact = |text: &str| TextMatch::Exact(text.to_owned());
        let check = |rule: AnnotationRule, found: &[&str]| {
            let found: Vec<String> = found.iter().map(|&s| s.to_owned()).collect();
            rule.check(&found, WARN, "q", 7)
        };
        assert_eq!(check(AnnotationRule::Unrestricted, &["a"]), Ok(()));
        assert_eq!(check(AnnotationRule::Some, &["a"]), Ok(()));
        assert_eq!(check(AnnotationRule::Matching(vec![exact("a"), TextMatch::Any]), &["a", "b"]), Ok(()));
        let text = |rule, found: &[&str]| check(rule, found).unwrap_err();
        assert_eq!(
            text(AnnotationRule::Some, &[]),
            "expected warn annotations but none were found for query \"q\" (line 7)"
        );
        assert_eq!(
            text(AnnotationRule::None, &["a", "b"]),
            "unexpected warning annotations evaluating query \"q\" (line 7): [a b]"
        );
        assert_eq!(
            text(AnnotationRule::Matching(vec![exact("c")]), &["a"]),
            "expected warn annotation matching message \"c\" but no matching annotation was found for query \"q\" (line 7), found: [a]"
        );
        assert_eq!(
            text(AnnotationRule::Matching(vec![exact("a")]), &["a", "b"]),
            "unexpected warn annotation \"b\" found for query q (line 7)"
        );
    }
}
