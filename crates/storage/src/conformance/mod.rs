//! A suite that any implementation of [`Storage`] can run in its own tests.
//!
//! The suite hands fixtures to a function that makes a store of them, then compares what the store answers with
//! a plain list that is filtered series by series. A check that fails panics and names itself, the fixture and
//! the request.
//!
//! ```
//! use promqlite_storage::conformance::{self, FixtureValue};
//! use promqlite_storage::MemStore;
//!
//! conformance::run(|fixture| {
//!     let store = MemStore::new();
//!     for series in fixture {
//!         let id = store.series_of(series.label_pairs());
//!         for sample in &series.samples {
//!             match &sample.value {
//!                 FixtureValue::Float(v) => store.append(id, sample.t_ms, *v),
//!                 FixtureValue::Histogram(h) => store.append_histogram(id, sample.t_ms, h.view()),
//!             };
//!         }
//!     }
//!     Box::new(store)
//! });
//! ```

mod checks;
mod fixture;
mod naive;
mod requests;

use crate::Storage;

pub use fixture::{FixtureSample, FixtureSeries, FixtureValue};

/// What a store is able to hold, so that the suite asks for no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Native histograms. On by default.
    pub histograms: bool,
    /// Times before 1970 and far in the future. On by default.
    pub extreme_times: bool,
    /// What histograms say about counter resets, as it was given. A store may find it out anew instead; then only
    /// whether a histogram is a gauge is compared. On by default.
    pub reset_hints: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { histograms: true, extreme_times: true, reset_hints: true }
    }
}

impl Options {
    /// The same options without native histograms.
    #[must_use]
    pub fn without_histograms(self) -> Self {
        Self { histograms: false, ..self }
    }

    /// The same options without the hints of histograms about counter resets.
    #[must_use]
    pub fn without_reset_hints(self) -> Self {
        Self { reset_hints: false, ..self }
    }

    /// The same options without times before 1970 and far in the future.
    #[must_use]
    pub fn without_extreme_times(self) -> Self {
        Self { extreme_times: false, ..self }
    }
}

/// A check that a store did not pass.
#[derive(Clone, Debug, thiserror::Error)]
#[error("conformance check `{check}` failed on fixture `{fixture}`: {message}")]
pub struct Failure {
    /// The check's name.
    pub check: &'static str,
    /// The fixture's name.
    pub fixture: &'static str,
    /// What was asked, what was expected and what came.
    pub message: String,
}

/// Runs all checks on stores that `make` fills. A fixture's samples ascend in time; its labels are unsorted and
/// may have empty values, which mean that the label is absent.
///
/// # Panics
/// When a check fails, with the text of the [`Failure`].
pub fn run(make: impl Fn(&[FixtureSeries]) -> Box<dyn Storage>) {
    run_with(Options::default(), make);
}

/// Runs the checks that `options` ask for.
///
/// # Panics
/// When a check fails, with the text of the [`Failure`].
pub fn run_with(options: Options, make: impl Fn(&[FixtureSeries]) -> Box<dyn Storage>) {
    if let Err(failure) = check(options, make) {
        panic!("{failure}");
    }
}

/// Runs the checks that `options` ask for and stops at the first that fails.
///
/// # Errors
/// The check that failed.
pub fn check(options: Options, make: impl Fn(&[FixtureSeries]) -> Box<dyn Storage>) -> Result<(), Failure> {
    for fixture in fixture::all(options) {
        let store = make(&fixture.series);
        let twin = naive::Naive::new(&fixture.series, options);
        for (check, run) in checks::ALL {
            run(&*store, &twin).map_err(|message| Failure { check, fixture: fixture.name, message })?;
        }
    }
    Ok(())
}
