//! The values that PromQL speaks about: labels, matchers, samples, native histograms, time, batches, annotations.
//!
//! Nothing here evaluates anything: these are the types that storage hands over, kernels fill and results carry.

mod annotation;
mod batch;
mod floats;
mod format;
pub mod histogram;
mod labels;
mod matcher;
mod sample;
mod strides;
mod symbols;
mod time;
mod value;

pub use annotation::{Annotation, Annotations, ForcedMonotonicity, Level, Pos};
pub use batch::{Batch, HistogramCells, LayoutMemo, RowMut, Validity, words_for};
pub use floats::{FloatPoints, Floats, GridBlock, Home};
pub use format::{float_g, float_plain, quote, with_float_plain};
pub use labels::{Label, LabelSet, Labels, LabelsBuilder};
pub use matcher::{MatchOp, Matcher};
pub use sample::{
    HistogramSamples, NO_HISTOGRAM, NORMAL_NAN, STALE_NAN, SampleBuf, Samples, any_stale, is_stale,
};
pub use strides::{is_near, pick, stride};
pub use symbols::{Symbol, Symbols};
pub use time::{Grid, Millis, TimeRange, Timestamp, first_after, first_at_or_after};
pub use value::{Point, SampleValue, Series, Value, ValueType, VectorSample};
