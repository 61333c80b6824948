//! The operators: one file each.

pub(crate) mod absent;
pub(crate) mod aggregate;
pub(crate) mod binary;
pub(crate) mod buffer;
pub(crate) mod calls;
pub(crate) mod classic;
pub(crate) mod count_values;
pub(crate) mod extended_range;
pub(crate) mod fold;
pub(crate) mod grouping;
pub(crate) mod info;
pub(crate) mod join;
pub(crate) mod join_general;
pub(crate) mod labels;
pub(crate) mod lookback;
pub(crate) mod map;
pub(crate) mod marks;
pub(crate) mod merge;
pub(crate) mod order;
pub(crate) mod range;
pub(crate) mod scalar;
pub(crate) mod select;
pub(crate) mod sets;
pub(crate) mod smoothed;
pub(crate) mod sort;
pub(crate) mod totals;
