//! The values that PromQL speaks about: labels, matchers, samples, native histograms, time, batches, annotations.

pub mod histogram;
