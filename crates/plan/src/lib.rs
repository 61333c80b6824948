//! From a syntax tree to a logical plan: checks, lowering, rewrites, explain.

mod node;

pub use node::*;
