//! What a load may be told.

use crate::detect::Format;
use crate::format_options::FormatOptions;
use crate::text::read::ReadOptions;

/// Options of a [`Loader`](crate::Loader).
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The format of all files; `None` finds out per file.
    pub format: Option<Format>,
    /// The time in ms of samples that have none. Without it a time in the file's name counts
    /// (`metrics.2026-08-01T00:00:15Z.prom`), else the file's time of modification.
    pub at_ms: Option<i64>,
    /// Whether broken lines are skipped and counted instead of ending the load.
    pub lenient: bool,
    /// Whether `le` and `quantile` are re-rendered as Prometheus 3 stores them; see
    /// [`ReadOptions::normalize_le`].
    pub normalize_le: bool,
    /// Whether NaN in promtool's dumps and in JSON is read as a staleness marker.
    pub nan_as_stale: bool,
    /// Whether staleness markers, which no text format carries, are set again where `up` shows that a series
    /// missed a scrape of its target.
    pub infer_staleness: bool,
    /// A metric name for series that have none, such as the results of functions.
    pub name: Option<String>,
    /// Labels that every series gets; a label of the same name is overridden.
    pub labels: Vec<(String, String)>,
    /// What single formats leave open.
    pub formats: FormatOptions,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            format: None,
            at_ms: None,
            lenient: false,
            normalize_le: true,
            nan_as_stale: false,
            infer_staleness: true,
            name: None,
            labels: Vec::new(),
            formats: FormatOptions::default(),
        }
    }
}

impl LoadOptions {
    pub(super) fn reading(&self, default_time_ms: Option<i64>) -> ReadOptions {
        ReadOptions {
            default_time_ms,
            lenient: self.lenient,
            normalize_le: self.normalize_le,
            nan_as_stale: self.nan_as_stale,
            formats: self.formats.clone(),
        }
    }
}
