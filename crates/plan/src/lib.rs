//! From a syntax tree to a logical plan: checks, lowering, rewrites, explain.

mod check;
mod lower;
mod node;
pub mod typed;

pub use check::{Registry, check, parse, similar_function};
pub use lower::{DurationFault, LowerError, LowerErrorKind, QueryParams, lower};
pub use node::*;
