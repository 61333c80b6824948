//! What a function is, and how the executor calls it.

use promqlite_model::histogram::HistogramView;
use promqlite_model::{
    Annotation, Annotations, Grid, Millis, Pos, RowMut, Samples, ValueType, first_after, first_at_or_after,
};

/// A PromQL function: all that is known about it, once.
#[derive(Debug)]
pub struct Function {
    /// Its name; names are case-sensitive.
    pub name: &'static str,
    /// Whether Prometheus hides it behind `promql-experimental-functions`.
    pub experimental: bool,
    /// The declared argument types.
    pub args: &'static [ValueType],
    /// With n declared types: 0 takes exactly n arguments, v > 0 between n−1 and n−1+v, −1 at least n−1; the
    /// last declared type repeats.
    pub variadic: i32,
    /// The type of the result.
    pub returns: ValueType,
    /// What happens to the metric name.
    pub metric_name: MetricNameRule,
    /// Documentation.
    pub doc: Doc,
    /// How it is computed.
    pub kernel: Kernel,
}

/// Documentation of a function or an aggregation.
#[derive(Debug, Clone, Copy)]
pub struct Doc {
    /// One sentence.
    pub summary: &'static str,
    /// A query that runs as it stands.
    pub example: &'static str,
}

/// What a function does to the metadata labels of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricNameRule {
    /// The result has no metric name.
    Drop,
    /// The result has no `__name__`, but keeps `__type__` and `__unit__` where names are removed at once.
    DropNameOnly,
    /// The result keeps the input's name.
    Keep,
}

/// Changes floats in place.
pub type MapFn = fn(&mut [f64]);

/// Changes one row's floats in place; each argument is a number per step. May switch validity bits off.
pub type MapArgsFn = fn(values: &mut [f64], valid: &mut [u64], args: &[&[f64]]);

/// Fills one row from one series' windows.
pub type RangeFn = fn(&Windows<'_>, &mut RowMut<'_>, &mut RangeCx<'_>);

/// How a function is computed. Variants from `Absent` on need more than samples, and the executor has an
/// operator for each.
#[derive(Debug, Clone, Copy)]
pub enum Kernel {
    /// Floats, element by element; histograms are left out.
    Map(MapFn),
    /// Floats and per-step numbers, element by element; histograms are left out.
    MapArgs(MapArgsFn),
    /// Histograms, element by element; floats are left out.
    MapHistogram(fn(HistogramView<'_>) -> f64),
    /// The same, of functions that look at count and sum only, so that selectors below may leave out buckets.
    MapHistogramTotals(fn(HistogramView<'_>) -> f64),
    /// A part of the date; without an argument that of the step. Takes whole seconds since the epoch.
    Calendar(fn(i64) -> f64),
    /// A window of samples per step.
    Range(RangeKernel),
    /// A constant.
    Constant(f64),
    /// The step's time in seconds.
    Time,
    /// A fact of the query's range, replaced by a number before evaluation.
    QueryRange(QueryRangePart),
    /// Two numbers per step.
    ScalarPair(fn(f64, f64) -> f64),
    /// `scalar`: the one float of a vector, else NaN.
    ScalarOfVector,
    /// `vector`: a number as a vector without labels.
    VectorOfScalar,
    /// `timestamp`: the time of the sample itself if the argument is a selector, else of the step.
    Timestamp,
    /// `start_timestamp`: the start timestamp of the sample if the argument is a selector.
    StartTimestamp,
    /// `absent`
    Absent,
    /// `absent_over_time`
    AbsentOverTime,
    /// `sort`, `sort_desc`
    Sort(Direction),
    /// `sort_by_label`, `sort_by_label_desc`
    SortByLabel(Direction),
    /// `label_replace`
    LabelReplace,
    /// `label_join`
    LabelJoin,
    /// `histogram_quantile`
    HistogramQuantile,
    /// `histogram_quantiles`
    HistogramQuantiles,
    /// `histogram_fraction`
    HistogramFraction,
    /// `info`
    Info,
}

/// Facts of the outer query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryRangePart {
    /// First step, seconds.
    Start,
    /// End as given, seconds.
    End,
    /// End minus start, seconds.
    Range,
    /// Step, seconds; 0 where start equals end.
    Step,
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// The kernels of a range-vector function.
#[derive(Debug, Clone, Copy)]
pub struct RangeKernel {
    /// For series that hold only floats.
    pub floats: RangeFn,
    /// For series that hold a histogram somewhere in the selected range.
    pub mixed: RangeFn,
    /// For `anchored` and `smoothed` windows, floats and histograms alike; says also which of the two it takes.
    pub extended: ExtensionSupport,
    /// Whether start timestamps of samples matter, if the engine uses them.
    pub start_times: bool,
    /// Whether the input ought to be a counter, so that a name that does not look like one is remarked.
    pub counter: bool,
}

/// Which extended windows a range function takes.
#[derive(Debug, Clone, Copy)]
pub enum ExtensionSupport {
    /// None.
    No,
    /// Only `anchored`.
    Anchored(ExtendedFn),
    /// `anchored` and `smoothed`.
    Both(ExtendedFn),
}

/// Fills one row from one series' extended windows.
pub type ExtendedFn = fn(&Windows<'_>, Extension, &mut RowMut<'_>, &mut RangeCx<'_>);

/// How an extended window treats its edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// The newest sample before the window stands in for its left edge.
    Anchored,
    /// Both edges are interpolated.
    Smoothed,
}

/// One series' samples and the windows over them, a window per step.
///
/// The window of step `k` is `(end(k) − range, end(k)]`. Staleness markers are gone from `samples` already.
/// Samples may reach beyond the windows: kernels find each window by its edges.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a> {
    /// The samples.
    pub samples: Samples<'a>,
    /// The evaluation steps.
    pub grid: Grid,
    /// The end of the first window, ms.
    pub first_end: i64,
    /// The distance of two windows' ends, ms: the grid's step, or 0 where `@` pins all windows to one instant.
    pub end_step: i64,
    /// The nominal length of a window, ms.
    pub range: Millis,
    /// How far `anchored` and `smoothed` look beyond the window, ms.
    pub lookback: Millis,
    /// Asked from time to time; kernels leave the rest of the row empty once it says yes.
    pub stop: Stop<'a>,
}

/// Whether what is being computed is wanted no more: the query was cancelled or ran out of time.
#[derive(Clone, Copy, Default)]
pub struct Stop<'a>(Option<&'a dyn Fn() -> bool>);

impl<'a> Stop<'a> {
    /// Asks `is_over`. Once it said yes it has to stay with that.
    #[must_use]
    pub fn new(is_over: &'a dyn Fn() -> bool) -> Self {
        Self(Some(is_over))
    }

    /// Whether to stop now.
    #[must_use]
    pub fn now(self) -> bool {
        self.0.is_some_and(|is_over| is_over())
    }
}

impl std::fmt::Debug for Stop<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stop").finish_non_exhaustive()
    }
}

/// Samples that windows may hold between two questions whether to stop: a fraction of a millisecond for most
/// kernels. A histogram counts as many floats.
const WORK_BETWEEN_STOPS: usize = 128 << 10;
const WORK_PER_HISTOGRAM: usize = 32;

impl<'a> Windows<'a> {
    /// Number of windows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.grid.len
    }

    /// Whether there are no windows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grid.len == 0
    }

    /// The right edge of window `k`, ms, inside the window.
    #[must_use]
    pub fn end(&self, k: usize) -> i64 {
        self.first_end.saturating_add(self.end_step.saturating_mul(k as i64))
    }

    /// The left edge of window `k`, ms, outside the window.
    #[must_use]
    pub fn begin(&self, k: usize) -> i64 {
        self.end(k).saturating_sub(self.range.0)
    }

    /// The first window whose right edge is not before `t`, ms; the number of windows if none is.
    #[must_use]
    pub fn first_ending_from(&self, t: i64) -> usize {
        let ahead = t.saturating_sub(self.first_end);
        match self.end_step {
            _ if ahead <= 0 => 0,
            0 => self.len(),
            step => usize::try_from(ahead.unsigned_abs().div_ceil(step.unsigned_abs()))
                .map_or(self.len(), |k| k.min(self.len())),
        }
    }

    /// Calls `f(k, lo, hi)` for each window in order; `samples[lo..hi]` are those inside. Both edges only move
    /// right, so all windows together cost one pass over the samples. Ends early when [`Windows::stop`] says so.
    #[inline]
    pub fn for_each(&self, mut f: impl FnMut(usize, usize, usize)) {
        let times = self.samples.times;
        let mut lo = first_at_or_after(times, self.begin(0).saturating_add(1));
        let mut hi = lo;
        // Windows between two questions are so many that their samples are worth about one stretch of work; who
        // comes upon a larger window than the last one asks early.
        let weight = if self.samples.histograms.is_some() { WORK_PER_HISTOGRAM } else { 1 };
        let (mut k, mut largest) = (0, 64 / weight);
        while k < self.grid.len {
            let stretch = (WORK_BETWEEN_STOPS / ((largest + 1) * weight)).clamp(1, 4096);
            let last = self.grid.len.min(k + stretch);
            while k < last {
                lo = first_after(times, lo, self.begin(k));
                hi = first_after(times, hi.max(lo), self.end(k));
                f(k, lo, hi);
                k += 1;
                if hi - lo > largest {
                    break;
                }
            }
            largest = (hi - lo) * 2;
            if self.stop.now() {
                return;
            }
        }
    }
}

/// What a range kernel may need besides samples, and where it leaves its remarks.
pub struct RangeCx<'a> {
    /// The scalar arguments in order of the signature, the range vector left out: a number per step each.
    pub args: &'a [&'a [f64]],
    /// The positions of all arguments in order of the signature.
    pub positions: &'a [Pos],
    /// Which argument is the range vector.
    pub range_arg: usize,
    /// The metric name as annotations show it.
    pub metric: &'a str,
    /// Whether samples' start timestamps are to be used.
    pub use_start_times: bool,
    /// Room that is used for one row after another; a kernel finds in it whatever the one before it left.
    pub scratch: &'a mut Vec<[f64; 3]>,
    /// Remarks.
    pub notes: &'a mut Annotations,
    /// The first error of a kernel; the query fails with this text.
    pub error: Option<String>,
}

impl RangeCx<'_> {
    /// Remarks on the range argument.
    pub fn note(&mut self, annotation: Annotation) {
        self.notes.add(annotation, self.positions.get(self.range_arg).copied());
    }

    /// Remarks on argument `arg`.
    pub fn note_at(&mut self, arg: usize, annotation: Annotation) {
        self.notes.add(annotation, self.positions.get(arg).copied());
    }

    /// Fails the query; only the first text stays.
    pub fn fail(&mut self, text: String) {
        self.error.get_or_insert(text);
    }
}

#[cfg(test)]
mod tests {
    use promqlite_model::Timestamp;

    use super::*;

    #[test]
    fn windows_are_found_by_their_right_edge() {
        for (first_end, end_step, len) in
            [(-30, 10, 9), (7, 3, 5), (5, 0, 4), (0, 1, 1), (i64::MAX - 25, 10, 3)]
        {
            let w = Windows {
                samples: Samples::floats(&[], &[]),
                grid: Grid { start: Timestamp(first_end), step: Millis(end_step), len },
                first_end,
                end_step,
                range: Millis(60),
                lookback: Millis::ZERO,
                stop: Stop::default(),
            };
            for t in (-80..80).chain([i64::MIN, i64::MAX - 21, i64::MAX]) {
                let expected = (0..len).find(|&k| w.end(k) >= t).unwrap_or(len);
                assert_eq!(w.first_ending_from(t), expected, "{first_end} {end_step} {len} {t}");
            }
        }
    }
}
