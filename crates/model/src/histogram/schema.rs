//! Bucket schemas and counter-reset hints.

/// How a histogram cuts the number line into buckets: exponentially with a resolution of −4 to 8, or at
/// bounds of its own (an NHCB, "native histogram with custom buckets", schema −53).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Schema(i8);

impl Schema {
    /// The coarsest exponential schema: each bound is 65536 times the one before.
    pub const MIN: Self = Self(-4);
    /// The finest exponential schema: 256 buckets per power of two.
    pub const MAX: Self = Self(8);
    /// Custom bounds, −53.
    pub const CUSTOM: Self = Self(-53);

    /// The schema with Prometheus' number `schema`; `None` unless that is −4 to 8 or −53.
    #[must_use]
    pub fn new(schema: i32) -> Option<Self> {
        let schema = i8::try_from(schema).ok().map(Self)?;
        (schema == Self::CUSTOM || (Self::MIN..=Self::MAX).contains(&schema)).then_some(schema)
    }

    /// Prometheus' number of the schema.
    #[must_use]
    pub fn get(self) -> i32 {
        i32::from(self.0)
    }

    /// Whether the buckets end at custom bounds.
    #[must_use]
    pub fn is_custom(self) -> bool {
        self == Self::CUSTOM
    }
}

/// What is known about a counter reset between a histogram and the one before it, or that it is a gauge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CounterResetHint {
    /// Nothing is known; detection has to look at the buckets.
    #[default]
    Unknown,
    /// The counter was reset just before this histogram.
    Reset,
    /// The counter was not reset.
    NotReset,
    /// Not a counter at all.
    Gauge,
}

impl CounterResetHint {
    /// The word for it in series literals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Reset => "reset",
            Self::NotReset => "not_reset",
            Self::Gauge => "gauge",
        }
    }

    /// The hint that `word` names in series literals.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Unknown, Self::Reset, Self::NotReset, Self::Gauge].into_iter().find(|h| h.as_str() == word)
    }

    /// The hint of a sum or difference, and whether the two contradict each other: one says that the counter
    /// was reset, the other that it was not.
    #[must_use]
    pub fn merge(self, other: Self) -> (Self, bool) {
        match (self, other) {
            (a, b) if a == b => (a, false),
            (Self::Gauge, _) | (_, Self::Gauge) => (Self::Gauge, false),
            (Self::Unknown, _) | (_, Self::Unknown) => (Self::Unknown, false),
            _ => (Self::Unknown, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CounterResetHint::{Gauge, NotReset, Reset, Unknown};
    use super::*;

    #[test]
    fn only_known_schemas_exist() {
        let known: Vec<i32> = (-60..=300).filter(|&s| Schema::new(s).is_some()).collect();
        assert_eq!(known, [-53, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn hints_merge_symmetrically() {
        for (a, b, merged, collides) in [
            (Unknown, Unknown, Unknown, false),
            (Reset, Reset, Reset, false),
            (Gauge, Reset, Gauge, false),
            (Gauge, Unknown, Gauge, false),
            (Unknown, NotReset, Unknown, false),
            (Reset, NotReset, Unknown, true),
        ] {
            assert_eq!(a.merge(b), (merged, collides));
            assert_eq!(b.merge(a), (merged, collides));
            assert_eq!(CounterResetHint::from_word(a.as_str()), Some(a));
        }
    }
}
