//! Timing one case.

use std::time::{Duration, Instant};

use promqlite::{Engine, EngineOptions, Features, MemStore};

use crate::{Answer, Case, Kind};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Measure at least this long, and five times …
    pub at_least: Duration,
    /// … unless that takes longer than this.
    pub at_most: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self { at_least: Duration::from_millis(400), at_most: Duration::from_secs(4) }
    }
}

/// An engine with every language feature on.
#[must_use]
pub fn engine(single_thread: bool) -> Engine {
    Engine::new(EngineOptions { features: Features::ALL, single_thread, ..EngineOptions::default() })
}

/// Runs a case once and digests its answer. A parsed text has an empty answer.
///
/// # Errors
/// The query's error as text.
pub fn answer(engine: &Engine, store: &MemStore, case: &Case) -> Result<Answer, String> {
    match case.kind {
        Kind::Parse => engine.check(&case.query).map(|()| Answer::default()).map_err(|e| e.to_string()),
        Kind::Query => {
            engine.query(store, &case.to_query()).map(|r| Answer::of(&r.value)).map_err(|e| e.to_string())
        }
    }
}

/// Runs a case once, from text to result, and drops the result.
///
/// # Panics
/// When the query fails: [`answer`] comes first.
pub fn run(engine: &Engine, store: &MemStore, case: &Case) {
    match case.kind {
        Kind::Parse => engine.check(std::hint::black_box(&case.query)).expect("invariant: answered before"),
        Kind::Query => {
            let result = engine.query(store, std::hint::black_box(&case.to_query()));
            std::hint::black_box(result.expect("invariant: answered before"));
        }
    }
}

/// The least time of one operation in ns, and how often the operation ran. Short operations are timed in batches
/// of about 10 ms.
pub fn least_ns(effort: Effort, mut operation: impl FnMut()) -> (f64, u64) {
    let once = Instant::now();
    operation();
    let first = once.elapsed();
    let batch = (10_000_000 / first.as_nanos().max(1)).clamp(1, 100_000) as u32;
    let mut best = if batch == 1 { first.as_nanos() as f64 } else { f64::INFINITY };
    let (mut batches, mut runs) = (0, 1);
    let began = Instant::now();
    loop {
        let start = Instant::now();
        (0..batch).for_each(|_| operation());
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(batch));
        batches += 1;
        runs += u64::from(batch);
        let spent = began.elapsed();
        if spent >= effort.at_most || (batches >= 5 && spent >= effort.at_least) {
            return (best, runs);
        }
    }
}
