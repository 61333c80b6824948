//! The benchmark list: data, cases, answers, timing, and the table that sets engines side by side.
//!
//! The list is Prometheus' own range, join and native-histogram benchmarks plus a few of our own on scale. Data
//! is made by formulas that `benches/peers` repeats in Go, so that all engines answer over the same samples; every
//! case carries a digest of its answer, which is compared before anything is timed.

pub mod answer;
pub mod cases;
pub mod data;
pub mod instructions;
pub mod measure;
pub mod record;
pub mod table;

pub use answer::Answer;
pub use cases::{Case, Kind, Origin, all};
pub use data::Dataset;
