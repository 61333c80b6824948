//! What a query passes over since it is damaged.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::TsdbError;

/// So many texts a query shows; the rest is counted.
const SHOWN: usize = 5;

/// A damaged part, by the number of its block in the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A series, by its reference.
    Series(u32, u32),
    /// A chunk, by its reference.
    Chunk(u32, u64),
}

/// Damaged parts and what is told of them: of the first of them by place, whatever the order in which threads find
/// them.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    places: BTreeSet<Place>,
    texts: BTreeMap<Place, String>,
}

impl LeftOut {
    /// Notes a damaged part, once however often it is met.
    pub(super) fn add(&mut self, place: Place, error: &TsdbError, what: impl FnOnce() -> String) {
        if !self.places.insert(place) {
            return;
        }
        if self.texts.len() < SHOWN || self.texts.last_key_value().is_some_and(|(last, _)| place < *last) {
            self.texts.insert(place, format!("{error}: {}", what()));
        }
        if self.texts.len() > SHOWN {
            self.texts.pop_last();
        }
    }

    /// Texts for the user.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let more = self.places.len() - self.texts.len();
        let told = (more > 0).then(|| format!("{more} more damaged parts of blocks are left out"));
        self.texts.values().cloned().chain(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Malformed;

    #[test]
    fn the_first_places_are_shown_and_each_counts_once() {
        let mut left_out = LeftOut::default();
        let error = Malformed::new(7, "bad").in_file("f".as_ref());
        for reference in (0..9).rev().chain(3..6) {
            left_out.add(Place::Chunk(0, reference), &error, || format!("chunk {reference}"));
        }
        let told: Vec<String> = left_out.warnings().collect();
        assert_eq!(told[0], "f: bad at byte 7: chunk 0");
        assert_eq!(told[4..], ["f: bad at byte 7: chunk 4", "4 more damaged parts of blocks are left out"]);
    }
}
