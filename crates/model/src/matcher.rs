//! Label matchers.

use std::fmt;
use std::sync::Arc;

use promqlite_regex::{Regex, RegexError};

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

impl MatchOp {
    /// The operator as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }

    /// Whether it is `!=` or `!~`.
    #[must_use]
    pub fn is_negative(self) -> bool {
        matches!(self, Self::NotEqual | Self::NotRegex)
    }
}

/// A condition on one label. An absent label has the value "".
#[derive(Clone)]
pub struct Matcher {
    name: Arc<str>,
    op: MatchOp,
    value: Arc<str>,
    regex: Option<Arc<Regex>>,
}

impl Matcher {
    /// Makes a matcher; a regular expression is checked here and compiled when it is first used.
    ///
    /// # Errors
    /// When `op` takes a regular expression and `value` is none in Go's RE2 syntax.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self, RegexError> {
        let regex = match op {
            MatchOp::Regex | MatchOp::NotRegex => Some(Arc::new(Regex::new(value)?)),
            MatchOp::Equal | MatchOp::NotEqual => None,
        };
        Ok(Self { name: name.into(), op, value: value.into(), regex })
    }

    /// `name="value"`
    #[must_use]
    pub fn equal(name: &str, value: &str) -> Self {
        Self { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// The label's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operator.
    #[must_use]
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// The value or the regular expression, as written.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The compiled expression of `=~` and `!~`.
    #[must_use]
    pub fn regex(&self) -> Option<&Regex> {
        self.regex.as_deref()
    }

    /// Whether a label with this value passes.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        let hit = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => &*self.value == value,
        };
        hit != self.op.is_negative()
    }

    /// Whether series without the label pass.
    #[must_use]
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.op == other.op && self.value == other.value
    }
}

impl Eq for Matcher {}

impl std::hash::Hash for Matcher {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.name, self.op, &self.value).hash(state);
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.name, self.op.as_str(), crate::quote(&self.value))
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_compares_as_it_should() {
        for (op, pattern, value, passes) in [
            (MatchOp::Equal, "a", "a", true),
            (MatchOp::Equal, "a", "", false),
            (MatchOp::NotEqual, "a", "", true),
            (MatchOp::Regex, "5..", "503", true),
            (MatchOp::Regex, "5..", "1503", false),
            (MatchOp::NotRegex, "5..", "200", true),
            (MatchOp::NotRegex, ".*", "", false),
        ] {
            assert_eq!(
                Matcher::new("l", op, pattern).unwrap().matches(value),
                passes,
                "{op:?} {pattern} {value}"
            );
        }
    }
}
