//! Every PromQL function, aggregation and operator: signature, documentation, kernel.
//!
//! A function is one static [`Function`] in a file of its own; [`functions`] lists them all, and checks, execution,
//! completion, help and the reference come from that list. Kernels are plain loops over slices and know no
//! labels; what needs more than samples is a [`Kernel`] variant that the executor carries out.

pub mod aggregate;
pub mod binary;
pub mod buckets;
mod instant;
mod kernel;
pub mod numeric;
mod range;
mod registry;

pub use instant::natural_order;
pub use kernel::{
    Direction, Doc, ExtendedFn, Extension, ExtensionSupport, Function, Kernel, MapArgsFn, MapFn,
    MetricNameRule, QueryRangePart, RangeCx, RangeFn, RangeKernel, Stop, Windows,
};
pub use registry::{aggregation, aggregations, function, functions};
