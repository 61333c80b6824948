//! Reads all that a store has.

use promqlite::storage::{SelectRequest, StorageError};
use promqlite::{MatchOp, Matcher, SampleBuf, Storage, TimeRange};

/// Selects in several ways, reads all samples, asks for names and values.
///
/// # Errors
/// What the store says of damage.
///
/// # Panics
/// When times do not ascend, or a store breaks its contract otherwise.
pub fn read_everything(store: &dyn Storage) -> Result<(), StorageError> {
    let all = [TimeRange::ALL, TimeRange::new(-1, 1), store.time_range().unwrap_or(TimeRange::ALL)];
    for range in all {
        read_selected(store, &[], range)?;
    }
    for (i, name) in store.label_names(&[], TimeRange::ALL)?.into_iter().enumerate() {
        let values = store.label_values(&name, &[], TimeRange::ALL)?;
        assert!(values.is_sorted_by(|a, b| a < b), "values of {name:?} do not ascend");
        // Regular expressions take most of the time.
        let Some(value) = values.get(values.len() / 2).filter(|_| i < 2) else { continue };
        read_selected(store, &[Matcher::equal(&name, value)], TimeRange::ALL)?;
        let others = Matcher::new(&name, MatchOp::NotEqual, value);
        if let Ok(others) = others {
            store.select(&SelectRequest::new(&[others], TimeRange::ALL))?;
        }
        if let Ok(pattern) = Matcher::new(&name, MatchOp::Regex, ".*a.*|b.+") {
            store.select(&SelectRequest::new(&[pattern], TimeRange::ALL))?;
        }
    }
    store.metadata();
    Ok(())
}

fn read_selected(store: &dyn Storage, matchers: &[Matcher], range: TimeRange) -> Result<(), StorageError> {
    let selection = store.select(&SelectRequest::new(matchers, range))?;
    let mut buf = SampleBuf::default();
    for i in 0..selection.len() {
        let labels = selection.labels(i).display(store.symbols());
        // One bad series hides no other.
        let Ok(samples) = selection.samples(i, range, &mut buf) else { continue };
        let times = samples.times;
        assert!(times.is_sorted_by(|a, b| a < b), "times of {labels} do not ascend");
        assert!(times.first().is_none_or(|&t| t >= range.start.0), "{labels}: a sample before the range");
        assert!(times.last().is_none_or(|&t| t <= range.end.0), "{labels}: a sample after the range");
        for k in 0..samples.len() {
            if let Some(histogram) = samples.histogram(k) {
                let buckets = histogram.buckets().count() + histogram.populated_buckets().count();
                std::hint::black_box((buckets, histogram.quantile(0.5)));
            }
        }
    }
    selection.warnings();
    Ok(())
}
