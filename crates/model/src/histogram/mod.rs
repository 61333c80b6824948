//! Native histograms: sparse buckets of exponential or custom width, with everything that can be asked of one
//! histogram or done to two.
//!
//! [`FloatHistogram`] owns its buckets, [`HistogramColumn`] holds many histograms in few allocations, and
//! [`HistogramView`] borrows from either and offers all that only reads.

mod column;
mod owned;
mod schema;
mod side;
mod validate;
mod view;

pub use column::HistogramColumn;
pub use owned::{FloatHistogram, HistogramParts};
pub use schema::{CounterResetHint, Schema};
pub use side::Span;
pub use validate::{InvalidHistogram, absolute_counts};
pub use view::HistogramView;
