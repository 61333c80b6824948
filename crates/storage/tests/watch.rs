//! A search that is wanted no more ends, and says before it makes lists how long they are.

use std::sync::atomic::{AtomicUsize, Ordering};

use promqlite_model::{MatchOp, Matcher, TimeRange};
use promqlite_storage::{MemStore, SelectRequest, Storage, StorageError, Watch};

/// Lets a search go on for a number of questions, and adds up the bytes that it asks for.
#[derive(Debug)]
struct Patience {
    left: AtomicUsize,
    bytes: AtomicUsize,
}

impl Patience {
    fn new(questions: usize) -> Self {
        Self { left: AtomicUsize::new(questions), bytes: AtomicUsize::new(0) }
    }
}

impl Watch for Patience {
    fn go_on(&self, bytes: usize) -> Result<(), StorageError> {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map(drop).map_err(|_| StorageError::Other("enough".into()))
    }
}

fn store() -> MemStore {
    let store = MemStore::new();
    for i in 0..20_000 {
        let series = store.series_of([("__name__", "m"), ("i", &i.to_string())]);
        let _ = store.append(series, 0, 1.0);
    }
    store
}

#[test]
fn searches_end_when_they_are_wanted_no_more() {
    let store = store();
    let scan = Matcher::new("i", MatchOp::Regex, ".*7.*").expect("valid");
    for matchers in [vec![scan], vec![Matcher::equal("__name__", "m")]] {
        let ask = |watch: &Patience| {
            let request =
                SelectRequest { watch: Some(watch), ..SelectRequest::new(&matchers, TimeRange::ALL) };
            store.select(&request).map(|selection| selection.len()).map_err(|error| error.to_string())
        };
        let unwatched = store.select(&SelectRequest::new(&matchers, TimeRange::ALL)).expect("selects").len();
        let patient = Patience::new(usize::MAX);
        assert_eq!(ask(&patient), Ok(unwatched));
        let asked = usize::MAX - patient.left.load(Ordering::Relaxed);
        assert!(asked >= 4, "asked {asked} times");
        assert!(patient.bytes.load(Ordering::Relaxed) >= unwatched * 16);
        for questions in 0..asked {
            assert_eq!(ask(&Patience::new(questions)), Err("enough".to_owned()));
        }
    }
}
