//! When a query is evaluated: at an instant, or over a range.

use clap::Args;
use promqlite::{Millis, Query, Timestamp};

use crate::time::{NOW, TimeSpec, parse_length, parse_step, parse_time, show_length, show_time};

/// The time options of a command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Time")]
pub(crate) struct TimeArgs {
    /// Evaluate at this instant [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["start", "end", "last", "step"])]
    pub(crate) at: Option<TimeSpec>,
    /// First step of a range query
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    #[arg(conflicts_with = "last")]
    pub(crate) start: Option<TimeSpec>,
    /// No step of a range query lies beyond this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) end: Option<TimeSpec>,
    /// Evaluate over this long until --end
    #[arg(long, value_name = "DURATION", value_parser = parse_length)]
    pub(crate) last: Option<i64>,
    /// Distance of the steps of a range query [default: a 250th of the range, in whole seconds]
    #[arg(long, value_name = "DURATION", value_parser = parse_step, allow_hyphen_values = true)]
    pub(crate) step: Option<i64>,
    /// What `now` is [default: the time of the newest sample]; `--now now` is the wall clock
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) now: Option<TimeSpec>,
}

/// A choice of times that may still refer to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenSpec {
    /// An instant query.
    Instant(TimeSpec),
    /// A range query.
    Range {
        /// The first step.
        start: StartSpec,
        /// No step lies beyond.
        end: TimeSpec,
        /// Distance of the steps, ms; `None` picks one by the length of the range.
        step: Option<i64>,
    },
}

/// Where a range starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartSpec {
    /// At a time.
    At(TimeSpec),
    /// This many ms before the end.
    BeforeEnd(i64),
}

impl TimeArgs {
    /// The choice that the options make.
    pub(crate) fn spec(&self) -> Result<WhenSpec, String> {
        let end = self.end.unwrap_or(NOW);
        let start = match (self.start, self.last) {
            (Some(start), _) => StartSpec::At(start),
            (None, Some(length)) => StartSpec::BeforeEnd(length),
            (None, None) if self.end.is_some() || self.step.is_some() => {
                let option = if self.end.is_some() { "--end" } else { "--step" };
                return Err(format!(
                    "{option} belongs to a range query: add --start TIME or --last DURATION"
                ));
            }
            (None, None) => return Ok(WhenSpec::Instant(self.at.unwrap_or(NOW))),
        };
        Ok(WhenSpec::Range { start, end, step: self.step })
    }
}

/// The times of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// An instant query.
    Instant(Timestamp),
    /// A range query.
    Range {
        /// The first step.
        start: Timestamp,
        /// No step lies beyond.
        end: Timestamp,
        /// Distance of the steps.
        step: Millis,
    },
}

impl WhenSpec {
    /// These times, with a step for a range that names none.
    pub(crate) fn with_default_step(self, default_ms: Option<i64>) -> Self {
        match self {
            Self::Range { start, end, step } => Self::Range { start, end, step: step.or(default_ms) },
            instant => instant,
        }
    }

    /// The times, given what now is.
    pub(crate) fn resolve(self, now: Timestamp) -> Result<When, String> {
        let (start, end, step) = match self {
            Self::Instant(at) => return Ok(When::Instant(at.resolve(now))),
            Self::Range { start, end, step } => (start, end.resolve(now), step),
        };
        let start = match start {
            StartSpec::At(start) => start.resolve(now),
            StartSpec::BeforeEnd(length) => end - Millis(length),
        };
        if end < start {
            return Err(format!(
                "the range ends at {} before it starts at {}",
                show_time(end),
                show_time(start)
            ));
        }
        let step = step.map_or_else(|| default_step(end - start), Millis);
        Ok(When::Range { start, end, step })
    }
}

/// The step that Prometheus' UI picks: 250 of them fill the range, in whole seconds, at least one.
fn default_step(range: Millis) -> Millis {
    Millis((range.0 / 250_000).max(1) * 1000)
}

impl When {
    /// The query of this text at these times.
    pub(crate) fn query(self, text: &str) -> Query {
        match self {
            Self::Instant(at) => Query::instant(text, at),
            Self::Range { start, end, step } => Query::range(text, start, end, step),
        }
    }

    /// As the search for the reasons of an empty answer takes them.
    pub(crate) fn lint_times(self) -> promqlite_lint::Times {
        match self {
            Self::Instant(at) => promqlite_lint::Times::At(at),
            Self::Range { start, end, step } => promqlite_lint::Times::Over { start, end, step },
        }
    }

    /// In words: `at T`, or `from T to T every 15s`.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Instant(at) => format!("at {}", show_time(at)),
            Self::Range { start, end, step } => {
                format!("from {} to {} every {}", show_time(start), show_time(end), show_length(step.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_step_is_that_of_prometheus_ui() {
        for (range_s, step_s) in [(0, 1), (60, 1), (499, 1), (500, 2), (3600, 14), (86_400, 345)] {
            assert_eq!(default_step(Millis(range_s * 1000)), Millis(step_s * 1000), "{range_s}");
        }
    }

    #[test]
    fn ranges_are_resolved_against_now() {
        let now = Timestamp(1_000_000);
        let last = TimeArgs { last: Some(60_000), ..TimeArgs::default() };
        let want = When::Range { start: Timestamp(940_000), end: now, step: Millis(1000) };
        assert_eq!(last.spec().unwrap().resolve(now), Ok(want));
        let ending = TimeArgs { end: Some(TimeSpec::FromNow(-40_000)), ..last };
        let want = When::Range { start: Timestamp(900_000), end: Timestamp(960_000), step: Millis(1000) };
        assert_eq!(ending.spec().unwrap().resolve(now), Ok(want));
        let backwards =
            TimeArgs { start: Some(NOW), end: Some(TimeSpec::Absolute(0)), ..TimeArgs::default() };
        assert!(backwards.spec().unwrap().resolve(now).is_err());
    }

    #[test]
    fn a_step_alone_is_refused() {
        let args = TimeArgs { step: Some(1), ..TimeArgs::default() };
        assert!(args.spec().unwrap_err().contains("--step"));
    }
}
