//! Native histograms: sparse buckets of exponential or custom width, with everything that can be asked of one
//! histogram or done to two.
//!
//! [`FloatHistogram`] owns its buckets, [`HistogramColumn`] holds many histograms in few allocations, and
//! [`HistogramView`] borrows from either and offers all that only reads. [`HistogramSum`] and
//! [`HistogramAvg`] add up many without losing small terms.

mod bounds;
mod buckets;
mod cells;
mod classic;
mod column;
mod combine;
mod custom;
mod equality;
mod estimate;
mod numeric;
mod operators;
mod owned;
#[cfg(test)]
mod properties;
mod reset;
mod schema;
mod side;
mod sum;
mod sum_column;
#[cfg(test)]
mod testing;
mod text;
mod trim;
mod validate;
mod view;

pub use buckets::Bucket;
pub use classic::{InvalidClassic, from_classic};
pub use column::{HistogramColumn, LayoutId, Numbers};
pub use combine::{Combined, MixedSchemas};
pub use equality::almost_equal;
pub use estimate::{Fraction, Quantile, QuantileNote};
pub use owned::{FloatHistogram, HistogramParts};
pub use schema::{CounterResetHint, Schema};
pub use side::Span;
pub use sum::{HistogramAvg, HistogramSum};
pub use sum_column::{HistogramSumColumn, SumLayout};
pub use validate::{InvalidHistogram, absolute_counts};
pub use view::HistogramView;
