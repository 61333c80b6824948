//! Work on ranges of rows, by several threads.

use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::context::Cx;
use crate::error::ExecError;
use crate::measure::PartId;

/// Cells of a morsel: 32 Ki floats are 256 KiB, which fits the L2 cache of current cores.
const MORSEL_CELLS: usize = 32 << 10;

/// Rows of a morsel at most, the unit of parallel work. Morsels depend on nothing but the shape, because partial
/// results are cut there: so a result is the same for any number of threads and any batch size.
pub(crate) fn morsel_rows(steps: usize) -> usize {
    (MORSEL_CELLS / steps.max(1)).clamp(8, 4096)
}

/// How many results of morsels may wait to be merged.
pub(crate) fn morsels_in_flight() -> usize {
    rayon::current_num_threads() * 4
}

/// Rows of a batch.
pub(crate) fn batch_rows(steps: usize, cx: &Cx) -> usize {
    cx.options.batch_rows.unwrap_or_else(|| morsel_rows(steps)).max(1)
}

/// The batches of a morsel.
pub(crate) fn batches(rows: Range<usize>, steps: usize, cx: &Cx) -> impl Iterator<Item = Range<usize>> {
    let size = batch_rows(steps, cx);
    rows.clone().step_by(size).map(move |start| start..(start + size).min(rows.end))
}

/// Runs `map` on every morsel, in parallel, and `reduce` on the results in row order.
pub(crate) fn fold_morsels<T: Send>(
    rows: usize,
    steps: usize,
    cx: &Cx,
    map: impl Fn(Range<usize>) -> Result<T, ExecError> + Sync,
    reduce: impl FnMut(T) -> Result<(), ExecError>,
) -> Result<(), ExecError> {
    fold_morsels_of(morsel_rows(steps), rows, cx, map, reduce)
}

/// The same with morsels of at most so many rows, which depends on nothing but shapes either.
pub(crate) fn fold_morsels_of<T: Send>(
    morsel_rows: usize,
    rows: usize,
    cx: &Cx,
    map: impl Fn(Range<usize>) -> Result<T, ExecError> + Sync,
    reduce: impl FnMut(T) -> Result<(), ExecError>,
) -> Result<(), ExecError> {
    // As few as needed, all of about one size: a last one that is small leaves threads idle.
    let n = rows.div_ceil(morsel_rows);
    let morsels: Vec<Range<usize>> = (0..n).map(|i| i * rows / n..(i + 1) * rows / n).collect();
    fold_ranges(&morsels, cx, map, reduce)
}

/// Runs `map` on every range, in parallel, and `reduce` on the results in order.
pub(crate) fn fold_ranges<T: Send>(
    ranges: &[Range<usize>],
    cx: &Cx,
    map: impl Fn(Range<usize>) -> Result<T, ExecError> + Sync,
    mut reduce: impl FnMut(T) -> Result<(), ExecError>,
) -> Result<(), ExecError> {
    let threads = if cx.options.single_thread { 1 } else { rayon::current_num_threads() };
    if threads < 2 || ranges.len() < 2 {
        for range in ranges {
            cx.check()?;
            reduce(map(range.clone())?)?;
        }
        return Ok(());
    }
    let board = Board::new(ranges, threads - 1, morsels_in_flight());
    match &cx.meter {
        None => board.fold(cx, map, reduce),
        Some(meter) => meter.wait(|part: PartId| {
            let map = |range| {
                let _at = meter.help(part);
                map(range)
            };
            let reduce = |result| {
                let _at = meter.help(part);
                reduce(result)
            };
            board.fold(cx, map, reduce)
        }),
    }
}

/// Ranges that threads take one by one, and the results that wait for their turn.
///
/// The thread that asks works on ranges as well, and on results as soon as the next one is there, so that it waits only
/// when nothing is left to do. A pool that is asked by a thread of none makes that thread sleep until all is done, twice
/// as many threads wake up, and every result goes from one core to another: measured, `topk(5, a_hundred)` at 1,000 steps
/// took 1.5 times as long on two threads as on one.
///
/// Others never wait: who finds that too many results do goes, and is called again. So threads of a pool that run several
/// queries cannot wait for each other in a circle.
struct Board<'r, T> {
    ranges: &'r [Range<usize>],
    /// So many other threads may help.
    most_helpers: usize,
    /// So many results wait, or are in work, at most: memory does not grow with the rows.
    in_flight: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    /// The next range that nobody has taken.
    next: usize,
    /// Results that had their turn.
    reduced: usize,
    /// Other threads that are at work, or called.
    helpers: usize,
    /// The result of range `i` at `i % in_flight`.
    results: Vec<Option<Result<T, ExecError>>>,
    /// Whether nobody is to begin anything: some thread has failed.
    stopped: bool,
}

/// What there is to do for the thread that asked.
enum Turn<T> {
    Map(usize),
    Reduce(Result<T, ExecError>),
    Over,
}

impl<'r, T: Send> Board<'r, T> {
    fn new(ranges: &'r [Range<usize>], most_helpers: usize, in_flight: usize) -> Self {
        let results = std::iter::repeat_with(|| None).take(in_flight).collect();
        let state = State { next: 0, reduced: 0, helpers: 0, results, stopped: false };
        Self { ranges, most_helpers, in_flight, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn fold(
        &self,
        cx: &Cx<'_>,
        map: impl Fn(Range<usize>) -> Result<T, ExecError> + Sync,
        mut reduce: impl FnMut(T) -> Result<(), ExecError>,
    ) -> Result<(), ExecError> {
        rayon::in_place_scope(|scope| {
            let stop = StopAtEnd(self);
            loop {
                cx.check()?;
                for _ in 0..self.call_helpers() {
                    scope.spawn(|_| self.help(&map));
                }
                match self.turn() {
                    Turn::Map(i) => self.put(i, map(self.ranges[i].clone())),
                    Turn::Reduce(result) => {
                        reduce(result?)?;
                        self.lock().reduced += 1;
                    }
                    Turn::Over => break,
                }
            }
            drop(stop);
            Ok(())
        })
    }

    /// How many more threads have something to do: at the start, and when no more than half of the results wait that may.
    fn call_helpers(&self) -> usize {
        let mut state = self.lock();
        let (left, open) = (self.ranges.len() - state.next, state.next - state.reduced);
        if open > self.in_flight / 2 {
            return 0;
        }
        // One range is for the thread that asks.
        let more = self.most_helpers.min(left.saturating_sub(1)).saturating_sub(state.helpers);
        state.helpers += more;
        more
    }

    /// Works on ranges until none is left, or too many results wait.
    fn help(&self, map: impl Fn(Range<usize>) -> Result<T, ExecError>) {
        while let Some(i) = self.take() {
            let stop = StopAtEnd(self);
            let result = map(self.ranges[i].clone());
            std::mem::forget(stop);
            self.put(i, result);
        }
    }

    /// A helper's next range.
    fn take(&self) -> Option<usize> {
        let mut state = self.lock();
        let taken = self.next_range(&mut state);
        state.helpers -= usize::from(taken.is_none());
        taken
    }

    fn next_range(&self, state: &mut State<T>) -> Option<usize> {
        let end = self.ranges.len().min(state.reduced + self.in_flight);
        if state.stopped || state.next >= end {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    fn put(&self, i: usize, result: Result<T, ExecError>) {
        self.lock().results[i % self.in_flight] = Some(result);
        self.changed.notify_all();
    }

    /// The next result if it is there, else a range, else whatever comes first.
    fn turn(&self) -> Turn<T> {
        let mut state = self.lock();
        loop {
            let at = state.reduced % self.in_flight;
            if state.stopped || state.reduced == self.ranges.len() {
                return Turn::Over;
            }
            if let Some(result) = state.results[at].take() {
                return Turn::Reduce(result);
            }
            if let Some(i) = self.next_range(&mut state) {
                return Turn::Map(i);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A panic elsewhere goes on when all threads have stopped.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets nobody begin anything more when it is dropped: by an error, by a panic, or when all is done.
struct StopAtEnd<'b, 'r, T: Send>(&'b Board<'r, T>);

impl<T: Send> Drop for StopAtEnd<'_, '_, T> {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use promqlite_storage::MemStore;

    use super::*;

    fn ranges(n: usize) -> Vec<Range<usize>> {
        (0..n).map(|i| i * 10..i * 10 + 10).collect()
    }

    /// Folds with this thread and two more, if the pool has as many.
    fn fold(
        n: usize,
        in_flight: usize,
        map: impl Fn(usize) -> Result<usize, ExecError> + Sync,
        mut reduce: impl FnMut(usize) -> Result<(), ExecError>,
    ) -> Result<(), ExecError> {
        let store = MemStore::new();
        let cx = Cx::for_tests(&store);
        let ranges = ranges(n);
        Board::new(&ranges, 2, in_flight).fold(&cx, |range| map(range.start / 10), &mut reduce)
    }

    #[test]
    fn results_come_in_order_and_few_wait() {
        for (n, in_flight) in [(1, 1), (2, 8), (100, 1), (100, 3), (1000, 8)] {
            let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let mut seen = Vec::new();
            let map = |i: usize| {
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                if i.is_multiple_of(7) {
                    std::thread::yield_now();
                }
                Ok(i)
            };
            let reduce = |i| {
                open.fetch_sub(1, Ordering::SeqCst);
                seen.push(i);
                Ok(())
            };
            fold(n, in_flight, map, reduce).expect("no error");
            assert!(seen.iter().copied().eq(0..n));
            assert!(most.into_inner() <= in_flight);
        }
    }

    #[test]
    fn the_first_error_in_order_ends_it() {
        let failing = |i: usize| {
            if i == 13 || i == 15 { Err(ExecError::Evaluation(i.to_string())) } else { Ok(i) }
        };
        for _ in 0..50 {
            let mut last = None;
            let error = fold(100, 8, failing, |i| {
                last = Some(i);
                Ok(())
            });
            assert!(matches!(error, Err(ExecError::Evaluation(text)) if text == "13"));
            assert_eq!(last, Some(12));
            let error = fold(100, 8, Ok, |i| if i == 5 { Err(ExecError::TooManySamples) } else { Ok(()) });
            assert!(matches!(error, Err(ExecError::TooManySamples)));
        }
    }

    #[test]
    fn a_panic_reaches_the_thread_that_asked() {
        for _ in 0..50 {
            let map = |i: usize| if i == 20 { panic!("range {i}") } else { Ok(i) };
            let outcome = catch_unwind(AssertUnwindSafe(|| fold(100, 8, map, |_| Ok(()))));
            assert!(outcome.is_err());
        }
    }
}
