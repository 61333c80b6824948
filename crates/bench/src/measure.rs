//! Timing one case.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

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
#[inline(never)] // Callgrind finds it by name.
pub fn run(engine: &Engine, store: &MemStore, case: &Case) {
    match case.kind {
        Kind::Parse => engine.check(std::hint::black_box(&case.query)).expect("invariant: answered before"),
        Kind::Query => {
            let result = engine.query(store, std::hint::black_box(&case.to_query()));
            std::hint::black_box(result.expect("invariant: answered before"));
        }
    }
}

/// Runs a case once as [`run`] does, and measures its parts.
///
/// # Panics
/// When the query fails: [`answer`] comes first.
pub fn analyze(engine: &Engine, store: &MemStore, case: &Case) {
    let result = engine.analyze(store, std::hint::black_box(&case.to_query()));
    std::hint::black_box(result.expect("invariant: answered before"));
}

/// Runs a case once as [`run`] does, and drops the series of its result as they come.
///
/// # Panics
/// When the query fails: [`answer`] comes first.
pub fn stream(engine: &Engine, store: &MemStore, case: &Case) {
    match case.kind {
        Kind::Parse => run(engine, store, case),
        Kind::Query => {
            let each = |series| {
                std::hint::black_box(series);
                ControlFlow::Continue(())
            };
            let result = engine.stream(store, &case.to_query(), each);
            std::hint::black_box(result.expect("invariant: answered before"));
        }
    }
}

/// Which clock times a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The process' time on processors: what other programs do on the machine counts little. For one thread.
    Cpu,
    /// Time of day, for several threads.
    Wall,
}

/// A moment on a clock.
enum Moment {
    Cpu(ProcessTime),
    Wall(Instant),
}

impl Clock {
    fn now(self) -> Moment {
        match self {
            Self::Cpu => Moment::Cpu(ProcessTime::now()),
            Self::Wall => Moment::Wall(Instant::now()),
        }
    }
}

impl Moment {
    fn elapsed_ns(&self) -> f64 {
        let elapsed = match self {
            Self::Cpu(start) => start.elapsed(),
            Self::Wall(start) => start.elapsed(),
        };
        elapsed.as_nanos() as f64
    }
}

/// The least time of one operation in ns. Short operations are timed in batches of about 10 ms.
pub fn least_ns(clock: Clock, effort: Effort, mut operation: impl FnMut()) -> f64 {
    let once = clock.now();
    operation();
    let first = once.elapsed_ns();
    let batch = (1e7 / first.max(1.0)).clamp(1.0, 1e5) as u32;
    let mut best = if batch == 1 { first } else { f64::INFINITY };
    let mut batches = 0;
    let began = Instant::now();
    loop {
        let start = clock.now();
        (0..batch).for_each(|_| operation());
        best = best.min(start.elapsed_ns() / f64::from(batch));
        batches += 1;
        let spent = began.elapsed();
        if spent >= effort.at_most || (batches >= 5 && spent >= effort.at_least) {
            return best;
        }
    }
}
