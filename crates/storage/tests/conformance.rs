//! The conformance suite, on our own stores and on stores with a defect each.

use std::sync::Arc;

use promqlite_model::{Labels, SampleBuf, Samples, Symbols, TimeRange};
use promqlite_storage::conformance::{self, FixtureSample, FixtureSeries, FixtureValue, Options};
use promqlite_storage::{
    Appended, MemStore, MergedStore, SelectRequest, Selection, SeriesId, Storage, StorageError,
};

fn append(store: &MemStore, id: SeriesId, sample: &FixtureSample) -> Appended {
    match &sample.value {
        FixtureValue::Float(v) => store.append(id, sample.t_ms, *v),
        FixtureValue::Histogram(h) => store.append_histogram(id, sample.t_ms, h.view()),
    }
}

/// Puts those samples into the store that `pick` takes, by their number in the series.
fn fill(store: &MemStore, fixture: &[FixtureSeries], pick: impl Fn(usize) -> bool) {
    for series in fixture {
        let id = store.series_of(series.label_pairs());
        for (_, sample) in series.samples.iter().enumerate().filter(|(i, _)| pick(*i)) {
            assert_eq!(append(store, id, sample), Appended::New);
        }
    }
}

fn filled(fixture: &[FixtureSeries]) -> MemStore {
    let store = MemStore::new();
    fill(&store, fixture, |_| true);
    store
}

#[test]
fn optimised_store() {
    conformance::run(|fixture| {
        let store = filled(fixture);
        store.optimize();
        Box::new(store)
    });
}

#[test]
fn store_filled_backwards() {
    conformance::run(|fixture| {
        let store = MemStore::new();
        for series in fixture {
            let id = store.series_of(series.label_pairs());
            for sample in series.samples.iter().rev() {
                assert_eq!(append(&store, id, sample), Appended::New);
                assert_eq!(append(&store, id, sample), Appended::Duplicate);
            }
        }
        Box::new(store)
    });
}

#[test]
fn store_filled_in_bulk() {
    conformance::run(|fixture| {
        let store = MemStore::new();
        let mut buf = SampleBuf::default();
        for series in fixture {
            buf.clear();
            for sample in &series.samples {
                match &sample.value {
                    FixtureValue::Float(v) => buf.push(sample.t_ms, *v),
                    FixtureValue::Histogram(h) => buf.push_histogram(sample.t_ms, h.view()),
                }
            }
            let id = store.series_of(series.label_pairs());
            let half = series.samples.len() / 2;
            // The second half first, then everything: half of it is there already.
            let late = store.append_samples(id, &buf.samples().slice(half..buf.len()));
            let all = store.append_samples(id, &buf.samples());
            assert_eq!((late.added + all.added, late.conflicts + all.conflicts), (buf.len() as u64, 0));
            assert_eq!(all.duplicates, late.added);
        }
        Box::new(store)
    });
}

#[test]
fn store_whose_snapshots_stay_alive() {
    conformance::run(|fixture| {
        let store = MemStore::new();
        let mut alive = Vec::new();
        for series in fixture {
            let id = store.series_of(series.label_pairs());
            for (i, sample) in series.samples.iter().enumerate() {
                assert_eq!(append(&store, id, sample), Appended::New);
                if i % 300 == 299 {
                    alive.push(store.select(&SelectRequest::new(&[], TimeRange::ALL)).unwrap());
                }
            }
        }
        drop(alive);
        Box::new(store)
    });
}

#[test]
fn merge_of_one() {
    conformance::run(|fixture| Box::new(MergedStore::new(vec![Arc::new(filled(fixture))])));
}

#[test]
fn merge_of_samples_dealt_to_three() {
    conformance::run(|fixture| {
        let store = |k: usize| {
            let store = MemStore::new();
            fill(&store, fixture, |i| i % 3 == k);
            Arc::new(store) as Arc<dyn Storage>
        };
        Box::new(MergedStore::new((0..3).map(store).collect()))
    });
}

#[test]
fn merge_of_overlapping_halves_of_the_series() {
    conformance::run(|fixture| {
        let (from, to) = (fixture.len() / 3, 2 * fixture.len() / 3);
        let first = Arc::new(filled(&fixture[..to])) as Arc<dyn Storage>;
        let second = Arc::new(filled(&fixture[from..])) as Arc<dyn Storage>;
        Box::new(MergedStore::new(vec![second, first]))
    });
}

/// A defect to put into a store's answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    LosesLastSeries,
    IgnoresMatchers,
    IgnoresReadRange,
    IgnoresSelectRange,
    EndIsOpen,
    KeepsOldBuffer,
    NormalisesNan,
    DropsHistograms,
    ForgetsTimeRange,
    ForgetsValues,
}

struct Defective {
    inner: MemStore,
    defect: Defect,
}

impl Storage for Defective {
    fn symbols(&self) -> &Arc<Symbols> {
        self.inner.symbols()
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresMatchers => request.matchers = &[],
            Defect::IgnoresSelectRange => {
                request.range = TimeRange { end: request.range.start, ..TimeRange::ALL };
            }
            _ => {}
        }
        Ok(Box::new(DefectiveSelection { inner: self.inner.select(&request)?, defect: self.defect }))
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[promqlite_model::Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        let mut values = self.inner.label_values(name, matchers, range)?;
        if self.defect == Defect::ForgetsValues {
            values.pop();
        }
        Ok(values)
    }

    fn label_names(
        &self,
        matchers: &[promqlite_model::Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        self.inner.label_names(matchers, range)
    }

    fn time_range(&self) -> Option<TimeRange> {
        self.inner.time_range().filter(|_| self.defect != Defect::ForgetsTimeRange)
    }
}

struct DefectiveSelection {
    inner: Box<dyn Selection>,
    defect: Defect,
}

impl Selection for DefectiveSelection {
    fn len(&self) -> usize {
        self.inner.len().saturating_sub(usize::from(self.defect == Defect::LosesLastSeries))
    }

    fn labels(&self, i: usize) -> &Labels {
        self.inner.labels(i)
    }

    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        let mut own = SampleBuf::default();
        let range = match self.defect {
            Defect::IgnoresReadRange => TimeRange::ALL,
            Defect::EndIsOpen => TimeRange { end: range.end - promqlite_model::Millis(1), ..range },
            _ => range,
        };
        let samples = self.inner.samples(i, range, &mut own)?;
        if self.defect != Defect::KeepsOldBuffer {
            buf.clear();
        }
        for k in 0..samples.len() {
            match samples.histogram(k) {
                Some(h) if self.defect != Defect::DropsHistograms => buf.push_histogram(samples.times[k], h),
                Some(_) => {}
                None if self.defect == Defect::NormalisesNan && samples.values[k].is_nan() => {
                    buf.push(samples.times[k], f64::NAN);
                }
                None => buf.push(samples.times[k], samples.values[k]),
            }
        }
        Ok(buf.samples())
    }
}

#[test]
fn each_defect_is_found_and_named() {
    for (defect, check) in [
        (Defect::LosesLastSeries, "labels are sorted, unique and complete"),
        (Defect::IgnoresMatchers, "matchers select what a linear filter selects"),
        (Defect::IgnoresReadRange, "ranges include both ends"),
        (Defect::IgnoresSelectRange, "labels are sorted, unique and complete"),
        (Defect::EndIsOpen, "ranges include both ends"),
        (Defect::KeepsOldBuffer, "a used buffer does no harm"),
        (Defect::NormalisesNan, "samples come back bit by bit"),
        (Defect::DropsHistograms, "samples come back bit by bit"),
        (Defect::ForgetsTimeRange, "time range"),
        (Defect::ForgetsValues, "label names and values"),
    ] {
        let make = |fixture: &[FixtureSeries]| {
            Box::new(Defective { inner: filled(fixture), defect }) as Box<dyn Storage>
        };
        let failure =
            conformance::check(Options::default(), make).expect_err(&format!("{defect:?} went unseen"));
        assert_eq!(failure.check, check, "{defect:?}: {failure}");
    }
}

#[test]
fn a_store_without_histograms_may_leave_them_out() {
    let options = Options::default().without_histograms().without_extreme_times();
    let make = |fixture: &[FixtureSeries]| {
        let has_histogram =
            |s: &FixtureSeries| s.samples.iter().any(|s| matches!(s.value, FixtureValue::Histogram(_)));
        assert!(!fixture.iter().any(has_histogram));
        assert!(fixture.iter().flat_map(|s| &s.samples).all(|s| s.t_ms >= 0));
        Box::new(Defective { inner: filled(fixture), defect: Defect::DropsHistograms }) as Box<dyn Storage>
    };
    conformance::run_with(options, make);
}
