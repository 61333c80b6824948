//! Names of blocks.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use promqlite_model::Timestamp;

/// Crockford's base 32, which leaves out I, L, O and U.
const DIGITS: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;
const RANDOM_BITS: u32 = 80;

/// A ULID: 48 bits of time in ms, then 80 random ones; sorts by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ulid(u128);

impl Ulid {
    /// A name that nothing else has, of the time `created`.
    pub(crate) fn new(created: Timestamp) -> Self {
        // Every state is seeded from what the system has of randomness.
        let random = || RandomState::new().build_hasher().finish();
        let random = u128::from(random()) << 64 | u128::from(random());
        let ms = created.0.clamp(0, (1 << 48) - 1) as u128;
        Self(ms << RANDOM_BITS | random >> (128 - RANDOM_BITS))
    }

    /// The one that sorts right after this one.
    pub(crate) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl fmt::Display for Ulid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |i: usize| char::from(DIGITS[(self.0 >> (5 * (LENGTH - 1 - i)) & 31) as usize]);
        (0..LENGTH).try_for_each(|i| fmt::Write::write_char(f, digit(i)))
    }
}

/// Whether `name` is written as a ULID, as the folders of blocks are.
pub(crate) fn is_ulid(name: &str) -> bool {
    name.len() == LENGTH
        && name.bytes().next().is_some_and(|first| first <= b'7')
        && name.bytes().all(|b| DIGITS.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_sort_by_time_and_are_unique() {
        let first = Ulid::new(Timestamp(1_469_918_176_385));
        assert!(first.to_string().starts_with("01ARYZ6S41"), "{first}");
        assert!(is_ulid(&first.to_string()));
        assert!(first < first.next() && first.next().to_string() > first.to_string());
        assert_ne!(first, Ulid::new(Timestamp(1_469_918_176_385)));
        assert!(Ulid::new(Timestamp(1_469_918_176_386)).to_string() > first.to_string());
        assert!(Ulid::new(Timestamp(-1)).to_string().starts_with("0000000000"));
        for no in
            ["", "01ARYZ6S41TSV4RRFFQ69G5FA", "81ARYZ6S41TSV4RRFFQ69G5FAV", "01ARYZ6S41TSV4RRFFQ69G5FAI"]
        {
            assert!(!is_ulid(no), "{no}");
        }
    }
}
