//! The one list of functions and the one of aggregations.

use std::sync::LazyLock;

use crate::aggregate::{self, Aggregation};
use crate::{Function, instant, range};

static FUNCTIONS: LazyLock<Vec<&'static Function>> = LazyLock::new(|| {
    let mut all: Vec<&'static Function> = [instant::ALL, range::ALL].concat();
    all.sort_unstable_by_key(|f| f.name);
    all
});

/// All functions, sorted by name.
#[must_use]
pub fn functions() -> &'static [&'static Function] {
    &FUNCTIONS
}

/// Where the functions start whose names start with each letter, and where all end.
static LETTERS: LazyLock<[usize; 27]> = LazyLock::new(|| {
    std::array::from_fn(|i| functions().partition_point(|f| usize::from(f.name.as_bytes()[0] - b'a') < i))
});

/// The function of this name.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    // Names of one letter mostly differ in length, so that comparing them costs next to nothing.
    let letter = usize::from(name.as_bytes().first()?.checked_sub(b'a').filter(|i| *i < 26)?);
    functions()[LETTERS[letter]..LETTERS[letter + 1]].iter().copied().find(|f| f.name == name)
}

/// All aggregations, sorted by name.
#[must_use]
pub fn aggregations() -> &'static [&'static Aggregation] {
    aggregate::ALL
}

/// The aggregation of this name.
#[must_use]
pub fn aggregation(name: &str) -> Option<&'static Aggregation> {
    aggregations().iter().copied().find(|a| a.name == name)
}
