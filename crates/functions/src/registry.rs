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

/// The function of this name.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    let all = functions();
    all.binary_search_by(|f| f.name.cmp(name)).ok().map(|i| all[i])
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
