//! Binary operators: kernels over slices.
//!
//! [`combine_floats`] is the fast path for rows of floats. [`combine_rows`] takes rows of whatever a batch may
//! hold: it goes step by step where there are histograms, and collects what is to be remarked.

mod floats;
mod histograms;
mod op;
mod problems;
mod rows;

pub use floats::{
    FloatOperand, FloatRow, NotForScalars, combine_floats, combine_numbers, combine_scalars, negate,
};
pub use op::BinaryOp;
pub use problems::StepProblems;
pub use rows::{Operand, combine_rows, negate_row, presence};

/// What a comparison yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// The elements for which it holds.
    Filter,
    /// 1 where it holds, else 0: `bool`.
    Bool,
}

#[cfg(test)]
mod histogram_tests;
#[cfg(test)]
mod tests;
