//! What a pattern costs, told before it is paid.

use crate::fast::is_plain;
use crate::parse::{Parsed, parse};
use crate::regex::MAX_COMPILED_BYTES;
use crate::stack::with_room_for;

/// Small patterns are no longer than this, bytes.
const SMALL_LEN: usize = 64;
/// The most bytes that a byte of a small pattern can cost, on average: `.` and negated classes cost most.
const SMALL_BYTES: usize = 8 << 10;
/// Bytes of the syntax tree per byte of the pattern, with room for lists that grow.
const TREE_BYTES: usize = 128;
/// Bytes of a class such as `\pL`, with the copies that are made while it is read.
const UNICODE_CLASS_BYTES: usize = 24 << 10;
/// The most bytes that the classes of one pattern can take, since their ranges are limited.
const MAX_CLASS_BYTES: usize = 64 << 20;
/// The most bytes of states that a lazy automaton keeps.
const MAX_CACHE_BYTES: usize = 2 << 20;

/// An upper estimate of the bytes that are needed, for a moment, to read a pattern. Looks at its text only.
#[must_use]
pub fn reading_bytes(pattern: &str) -> usize {
    let classes = pattern.bytes().filter(|b| matches!(b, b'p' | b'P')).count();
    let classes = classes.saturating_mul(UNICODE_CLASS_BYTES).min(MAX_CLASS_BYTES);
    pattern.len().saturating_mul(TREE_BYTES).saturating_add(classes)
}

/// An upper estimate of the bytes that the automata of a pattern hold once they are used. Reads the pattern unless it
/// is small; 0 if it is not valid.
#[must_use]
pub fn compiled_bytes(pattern: &str) -> usize {
    if is_small(pattern) {
        return if is_plain(pattern) { 0 } else { pattern.len() * SMALL_BYTES };
    }
    let Ok(parsed) = with_room_for(pattern, || parse(pattern, true)) else { return 0 };
    automata_bytes(&parsed)
}

/// The same of a pattern that was read already.
pub(crate) fn automata_bytes(parsed: &Parsed) -> usize {
    let automaton = usize::try_from(parsed.cost_bytes).unwrap_or(usize::MAX).min(MAX_COMPILED_BYTES);
    automaton + automaton.saturating_mul(4).min(MAX_CACHE_BYTES)
}

/// Whether the automaton of a pattern is small whatever it says: a short one without escapes and counted repetitions.
#[must_use]
pub fn is_small(pattern: &str) -> bool {
    pattern.len() <= SMALL_LEN && !pattern.contains(['\\', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_grow_with_what_is_written() {
        assert!(reading_bytes("a") < reading_bytes("aaaa"));
        assert!(reading_bytes(r"\pL") > 100 * reading_bytes("a"));
        assert!(compiled_bytes("a.*b") < 1 << 20);
        for pattern in ["a.*b", ".*[0-4]$", "[^a][^b][^c]", "(?i)straße.*", "(.+)-[^-]*", "[^é]*"] {
            let read = parse(pattern, true).map(|parsed| automata_bytes(&parsed)).expect("valid");
            assert!(compiled_bytes(pattern) >= read, "{pattern}: {read}");
        }
        assert_eq!(compiled_bytes("api|web"), 0, "needs none");
        assert!(compiled_bytes(r"\pL{500}") > 1 << 20);
        assert!(compiled_bytes(r"\pL{900}x{900}") <= MAX_COMPILED_BYTES + MAX_CACHE_BYTES);
        assert_eq!(compiled_bytes(r"(\d"), 0);
    }
}
