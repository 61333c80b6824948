//! Range-vector functions: a window of samples per step.

mod absent;
mod changes;
mod counter;
mod counts;
mod definition;
mod delta;
mod edges;
mod extremes;
mod increase;
mod lanes;
mod last_two;
mod mixed;
mod rate;
mod regression;
mod sliding_line;
mod sliding_sum;
mod sliding_variance;
mod smoothing;
mod sorted_window;
mod spread;
mod start_time;
mod strides;
mod sums;
#[cfg(test)]
mod tests;
mod two_stacks;
mod window;

use crate::Function;

/// All range-vector functions.
pub(crate) static ALL: &[&Function] = &[
    &absent::ABSENT,
    &sums::AVG,
    &changes::CHANGES,
    &counts::COUNT,
    &delta::DELTA,
    &regression::DERIV,
    &smoothing::DOUBLE_EXPONENTIAL_SMOOTHING,
    &edges::FIRST,
    &last_two::IDELTA,
    &increase::INCREASE,
    &last_two::IRATE,
    &edges::LAST,
    &spread::MAD,
    &extremes::MAX,
    &extremes::MIN,
    &regression::PREDICT_LINEAR,
    &counts::PRESENT,
    &spread::QUANTILE,
    &rate::RATE,
    &changes::RESETS,
    &spread::STDDEV,
    &spread::STDVAR,
    &sums::SUM,
    &edges::TS_OF_FIRST,
    &edges::TS_OF_LAST,
    &extremes::TS_OF_MAX,
    &extremes::TS_OF_MIN,
];
