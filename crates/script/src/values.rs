//! The values of a series line, written out.

use std::sync::Arc;

use promqlite::float_g;
use promqlite::histogram::{CounterResetHint, FloatHistogram, HistogramParts, Schema, Span};
use promqlite::syntax::ast::UnaryOp;
use promqlite::syntax::series::{HistogramItem, HistogramLiteral, Item, SeriesDescription};

use crate::error::ExpandError;

/// More values than this on one line are refused: a typing mistake would otherwise fill the memory.
pub(crate) const MAX_VALUES: u64 = 10_000_000;

/// All values of a series line in order.
pub type Expansion = Vec<ItemValue>;

/// One value of a series line.
#[derive(Clone, Debug)]
pub enum ItemValue {
    /// `_`: no sample.
    Gap,
    /// A float, perhaps the staleness marker.
    Float(f64),
    /// A native histogram.
    Histogram {
        /// The histogram.
        histogram: Arc<FloatHistogram>,
        /// Whether the literal names its counter-reset hint, so that it counts in comparisons.
        hint_counts: bool,
    },
}

impl std::fmt::Display for ItemValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gap => f.write_str("_"),
            Self::Float(v) => f.write_str(&float_g(*v)),
            Self::Histogram { histogram, .. } => f.write_str(&histogram.view().literal()),
        }
    }
}

/// Writes out the values of a series line.
pub(crate) fn expand(description: &SeriesDescription) -> Result<Expansion, ExpandError> {
    let count = description.value_count().filter(|&n| n <= MAX_VALUES).ok_or(ExpandError::TooMany)?;
    let mut values = Vec::with_capacity(count as usize);
    for item in &description.items {
        match item {
            Item::Gap { count } => values.extend((0..*count).map(|_| ItemValue::Gap)),
            Item::Float(item) => values.extend(item.values().map(ItemValue::Float)),
            Item::Histogram(item) => expand_histograms(item, &mut values)?,
        }
    }
    Ok(values)
}

fn expand_histograms(item: &HistogramItem, values: &mut Expansion) -> Result<(), ExpandError> {
    let hint_counts = item.explicit_hint();
    let mut current = Arc::new(histogram(&item.base)?);
    let increment = match &item.increment {
        Some((op, literal)) => Some((*op, histogram(literal)?)),
        None => None,
    };
    if let Some((_, increment)) = &increment {
        let (to, from) = (current.view().schema().get(), increment.view().schema().get());
        if to > from {
            return Err(ExpandError::Schemas { from, to });
        }
    }
    values.push(ItemValue::Histogram { histogram: Arc::clone(&current), hint_counts });
    for _ in 0..item.repeat {
        if let Some((op, increment)) = &increment {
            let (next, _) = match op {
                UnaryOp::Minus => current.view().minus(increment.view())?,
                UnaryOp::Plus => current.view().plus(increment.view())?,
            };
            current = Arc::new(next);
        }
        values.push(ItemValue::Histogram { histogram: Arc::clone(&current), hint_counts });
    }
    Ok(())
}

/// The histogram that a literal describes.
fn histogram(literal: &HistogramLiteral) -> Result<FloatHistogram, ExpandError> {
    let narrow = |n: Option<i64>| {
        let n = n.unwrap_or(0);
        i32::try_from(n).map_err(|_| ExpandError::Number(n))
    };
    let spans = |counts: &Option<Vec<f64>>, offset: Option<i64>| {
        let length = counts.as_ref().map_or(0, Vec::len) as u32;
        narrow(offset).map(|offset| if length == 0 { vec![] } else { vec![Span { offset, length }] })
    };
    let hint = literal.counter_reset_hint.and_then(|hint| CounterResetHint::from_word(hint.as_str()));
    Ok(FloatHistogram::from_parts(HistogramParts {
        hint: hint.unwrap_or_default(),
        schema: literal.schema.map_or(Ok(Schema::default().get()), |_| narrow(literal.schema))?,
        zero_threshold: literal.z_bucket_w.unwrap_or(0.0),
        zero_count: literal.z_bucket.unwrap_or(0.0),
        count: literal.count.unwrap_or(0.0),
        sum: literal.sum.unwrap_or(0.0),
        positive_spans: spans(&literal.buckets, literal.offset)?,
        positive_counts: literal.buckets.clone().unwrap_or_default(),
        negative_spans: spans(&literal.n_buckets, literal.n_offset)?,
        negative_counts: literal.n_buckets.clone().unwrap_or_default(),
        custom_bounds: literal.custom_values.clone().unwrap_or_default(),
    })?)
}
