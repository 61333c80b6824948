//! Aggregations over series: definitions and accumulators of groups × steps.

mod accumulator;
mod cells;
mod count_values;
mod definitions;
mod histogram_sums;
mod histogram_total;
mod limit;
mod parameter;
pub(crate) mod presence;
mod quantile;
mod step_counts;
mod topk;

use promqlite_model::ValueType;

use crate::Doc;

pub use accumulator::Accumulator;
pub use count_values::{CountValuesState, CountedSeries, ValueCounts};
pub(crate) use definitions::ALL;
pub use limit::{LimitKState, SeriesPosition, limit_ratio_row, ratio_keeps};
pub use parameter::{ParameterError, count_parameter, note_quantile_parameter, ratio_parameter};
pub use quantile::QuantileState;
pub use topk::{TopKRows, TopKState};

/// An aggregation operator: all that is known about it, once.
#[derive(Debug)]
pub struct Aggregation {
    /// Its name, lower-case.
    pub name: &'static str,
    /// Whether Prometheus hides it behind `promql-experimental-functions`.
    pub experimental: bool,
    /// The type of its parameter, if it takes one.
    pub param: Option<ValueType>,
    /// Documentation.
    pub doc: Doc,
    /// How it is computed.
    pub kernel: AggregateKernel,
}

/// How an aggregation is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateKernel {
    /// One number per group and step, accumulated series by series.
    Fold(Fold),
    /// `quantile`
    Quantile,
    /// `count_values`
    CountValues,
    /// `topk` (largest) and `bottomk`
    TopK {
        /// Whether the largest values are kept.
        largest: bool,
    },
    /// `limitk`
    LimitK,
    /// `limit_ratio`
    LimitRatio,
}

/// What a fold accumulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `count`
    Count,
    /// `group`
    Group,
    /// `stddev`
    Stddev,
    /// `stdvar`
    Stdvar,
}

#[cfg(test)]
mod accumulator_tests;
#[cfg(test)]
mod histogram_tests;
#[cfg(test)]
pub(crate) mod testing;
