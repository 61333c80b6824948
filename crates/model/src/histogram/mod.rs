//! Native histograms.

mod column;

pub use column::{HistogramColumn, HistogramView};

/// What a histogram says about a counter reset between it and its predecessor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetHint {
    /// Nothing: the histograms must be compared.
    #[default]
    Unknown,
    /// A reset lies between them.
    Reset,
    /// No reset lies between them.
    NotReset,
    /// The histogram is a gauge: there are no resets.
    Gauge,
}

/// A run of neighbouring buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first span's offset is the index of its first bucket; every other one's the gap to the span before.
    pub offset: i32,
    /// Number of buckets.
    pub length: u32,
}

/// A native histogram with float counts; integer ones are converted when they are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloatHistogram {
    /// Counter-reset hint.
    pub hint: ResetHint,
    /// Resolution: −4 to 8, or −53 for custom bounds.
    pub schema: i32,
    /// Half width of the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// Their sum; carries the stale bits in a staleness marker.
    pub sum: f64,
    /// Where the positive buckets are.
    pub positive_spans: Vec<Span>,
    /// Where the negative buckets are.
    pub negative_spans: Vec<Span>,
    /// Absolute counts of the positive buckets.
    pub positive_buckets: Vec<f64>,
    /// Absolute counts of the negative buckets.
    pub negative_buckets: Vec<f64>,
    /// Upper bounds of custom buckets, ascending, without +Inf.
    pub custom_values: Vec<f64>,
}

impl FloatHistogram {
    /// A borrow that everything read-only takes.
    #[must_use]
    pub fn view(&self) -> HistogramView<'_> {
        HistogramView::of(self)
    }

    /// Turns a hint about the predecessor into "unknown"; a gauge stays one.
    pub fn forget_reset(&mut self) {
        if self.hint != ResetHint::Gauge {
            self.hint = ResetHint::Unknown;
        }
    }
}
