//! Query results.

use std::fmt;
use std::sync::Arc;

use crate::histogram::FloatHistogram;
use crate::{Floats, LabelSet, Timestamp};

/// The types of PromQL expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number per step.
    Scalar,
    /// A string.
    String,
    /// Instant vector: at most one sample per series and step.
    Vector,
    /// Range vector: a window of samples per series and step.
    Matrix,
}

impl ValueType {
    /// The words that error texts use: `instant vector`, `range vector`, `scalar`, `string`.
    #[must_use]
    pub fn documented(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        }
    }

    /// The name of the HTTP API: `vector`, `matrix`, `scalar`, `string`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "vector",
            Self::Matrix => "matrix",
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A float or a native histogram.
#[derive(Clone, Debug)]
pub enum SampleValue {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<FloatHistogram>),
}

/// A value at an instant.
#[derive(Clone, Debug)]
pub struct Point {
    /// When.
    pub time: Timestamp,
    /// What.
    pub value: SampleValue,
}

/// One element of an instant vector.
#[derive(Clone, Debug)]
pub struct VectorSample {
    /// The series' labels.
    pub labels: LabelSet,
    /// The value; its time is the evaluation time.
    pub value: SampleValue,
}

/// One series of a range result: floats and histograms in separate columns, both ascending in time, and never
/// both at one instant.
#[derive(Clone, Debug)]
pub struct Series {
    /// The series' labels.
    pub labels: LabelSet,
    /// Float points.
    pub floats: Floats,
    /// Histogram points.
    pub histograms: Vec<(Timestamp, Arc<FloatHistogram>)>,
}

/// The result of a query.
#[derive(Clone, Debug)]
pub enum Value {
    /// An instant query of scalar type.
    Scalar(Timestamp, f64),
    /// An instant query of string type.
    String(Timestamp, String),
    /// An instant query of vector type. The order is the one in which evaluation produced the series.
    Vector(Timestamp, Vec<VectorSample>),
    /// A range query, or an instant query of range-vector type; sorted by labels.
    Matrix(Vec<Series>),
}

impl Value {
    /// The result's type.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Scalar(..) => ValueType::Scalar,
            Self::String(..) => ValueType::String,
            Self::Vector(..) => ValueType::Vector,
            Self::Matrix(..) => ValueType::Matrix,
        }
    }

    /// Number of series: 1 for scalars and strings.
    #[must_use]
    pub fn series_count(&self) -> usize {
        match self {
            Self::Scalar(..) | Self::String(..) => 1,
            Self::Vector(_, v) => v.len(),
            Self::Matrix(m) => m.len(),
        }
    }
}
