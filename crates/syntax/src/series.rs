//! Metrics and series descriptions: the language of test data, `metric{label="v"} 1+2x3 _ {{sum:1}}`.

use crate::bytes::ByteString;
use crate::ops::UnaryOp;
use crate::span::Span;
use crate::token::{Hint, HistogramKey};

/// Bit pattern of the NaN that marks a series as stale.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// A label of a metric.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Label {
    /// Label name, not validated.
    pub name: ByteString,
    /// Label value.
    pub value: ByteString,
}

/// The labels of one series, sorted by name, `__name__` among them. Repeated names are not rejected.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metric {
    /// The labels.
    pub labels: Vec<Label>,
}

/// A metric and its values.
#[derive(Clone, PartialEq, Debug)]
pub struct SeriesDescription {
    /// Which series.
    pub metric: Metric,
    /// The items in order.
    pub items: Vec<Item>,
}

impl SeriesDescription {
    /// Number of values, gaps included. `None` if it exceeds `u64`.
    pub fn value_count(&self) -> Option<u64> {
        self.items.iter().try_fold(0u64, |sum, item| sum.checked_add(item.value_count()?))
    }
}

/// An item of a series description.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// Missing samples: `_`, `_xN`.
    Gap {
        /// How many.
        count: u64,
    },
    /// Floats: `a`, `axN`, `a+bxN`.
    Float(FloatItem),
    /// Native histograms: `{{…}}`, `{{…}}xN`, `{{…}}+{{…}}xN`.
    Histogram(Box<HistogramItem>),
}

/// One float or a run of them.
#[derive(Clone, Copy, Debug)]
pub struct FloatItem {
    /// The first value. `stale` has the bits [`STALE_NAN_BITS`].
    pub base: f64,
    /// What is added again and again; absent for plain copies.
    pub increment: Option<f64>,
    /// N: how many values follow the first.
    pub repeat: u64,
}

impl PartialEq for FloatItem {
    /// Compares bit patterns, so that NaN equals itself.
    fn eq(&self, other: &Self) -> bool {
        self.base.to_bits() == other.base.to_bits()
            && self.increment.map(f64::to_bits) == other.increment.map(f64::to_bits)
            && self.repeat == other.repeat
    }
}

impl FloatItem {
    /// Whether the first value is the stale marker.
    pub fn is_stale(&self) -> bool {
        self.base.to_bits() == STALE_NAN_BITS
    }

    /// The values in order, by repeated addition. Check [`Item::value_count`] before collecting them.
    pub fn values(&self) -> impl Iterator<Item = f64> + use<> {
        let increment = self.increment;
        let mut next = self.base;
        (0..=self.repeat).map(move |_| {
            let value = next;
            if let Some(increment) = increment {
                next += increment;
            }
            value
        })
    }
}

/// One histogram or a run of them. The arithmetic is done elsewhere.
#[derive(Clone, PartialEq, Debug)]
pub struct HistogramItem {
    /// The first value.
    pub base: HistogramLiteral,
    /// What is added (`Plus`) or subtracted (`Minus`) again and again; absent for plain copies.
    pub increment: Option<(UnaryOp, HistogramLiteral)>,
    /// N: how many values follow the first.
    pub repeat: u64,
}

impl HistogramItem {
    /// Whether the values' counter reset hint was written explicitly: in the increment if there is one.
    pub fn explicit_hint(&self) -> bool {
        let literal = self.increment.as_ref().map_or(&self.base, |(_, literal)| literal);
        literal.counter_reset_hint.is_some()
    }
}

impl Item {
    /// Number of values. `None` if it exceeds `u64`.
    pub fn value_count(&self) -> Option<u64> {
        match self {
            Item::Gap { count } => Some(*count),
            Item::Float(item) => item.repeat.checked_add(1),
            Item::Histogram(item) => item.repeat.checked_add(1),
        }
    }

    pub(crate) fn float(base: f64, increment: Option<f64>, repeat: u64) -> Self {
        Item::Float(FloatItem { base, increment, repeat })
    }

    pub(crate) fn histogram(
        base: Box<HistogramLiteral>,
        increment: Option<(UnaryOp, Box<HistogramLiteral>)>,
        repeat: u64,
    ) -> Self {
        let increment = increment.map(|(op, histogram)| (op, *histogram));
        Item::Histogram(Box::new(HistogramItem { base: *base, increment, repeat }))
    }
}

/// A number with a sign applied.
pub(crate) struct SignedNumber {
    pub(crate) value: f64,
}

/// A native histogram literal: exactly the keys that were written. Absent ones mean 0, empty, or unknown.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HistogramLiteral {
    /// Resolution.
    pub schema: Option<i64>,
    /// Sum of observations.
    pub sum: Option<f64>,
    /// Number of observations.
    pub count: Option<f64>,
    /// Number of observations in the zero bucket.
    pub z_bucket: Option<f64>,
    /// Width of the zero bucket.
    pub z_bucket_w: Option<f64>,
    /// Counts of adjacent positive buckets.
    pub buckets: Option<Vec<f64>>,
    /// Index of the first positive bucket.
    pub offset: Option<i64>,
    /// Counts of adjacent negative buckets.
    pub n_buckets: Option<Vec<f64>>,
    /// Index of the first negative bucket.
    pub n_offset: Option<i64>,
    /// Upper bounds of custom buckets.
    pub custom_values: Option<Vec<f64>>,
    /// The hint, if it was written.
    pub counter_reset_hint: Option<Hint>,
    /// From `{{` to `}}`.
    pub span: Span,
}

impl HistogramLiteral {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { span: Span::new(start, end), ..Self::default() }
    }

    pub(crate) fn spanning(self: Box<Self>, start: usize, end: usize) -> Box<Self> {
        let mut histogram = self;
        histogram.span = Span::new(start, end);
        histogram
    }

    /// Adds the keys of `other`. The error is the first key that both have.
    pub(crate) fn merge(&mut self, other: Self) -> Result<(), HistogramKey> {
        use HistogramKey as K;
        set(&mut self.schema, other.schema, K::Schema)?;
        set(&mut self.sum, other.sum, K::Sum)?;
        set(&mut self.count, other.count, K::Count)?;
        set(&mut self.z_bucket, other.z_bucket, K::ZBucket)?;
        set(&mut self.z_bucket_w, other.z_bucket_w, K::ZBucketW)?;
        set(&mut self.buckets, other.buckets, K::Buckets)?;
        set(&mut self.offset, other.offset, K::Offset)?;
        set(&mut self.n_buckets, other.n_buckets, K::NBuckets)?;
        set(&mut self.n_offset, other.n_offset, K::NOffset)?;
        set(&mut self.custom_values, other.custom_values, K::CustomValues)?;
        set(&mut self.counter_reset_hint, other.counter_reset_hint, K::CounterResetHint)
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>, key: HistogramKey) -> Result<(), HistogramKey> {
    match value {
        Some(_) if slot.is_some() => Err(key),
        Some(value) => {
            *slot = Some(value);
            Ok(())
        }
        None => Ok(()),
    }
}
