//! Range-vector functions: a window of samples per step.

use crate::Function;

/// All range-vector functions.
pub(crate) static ALL: &[&Function] = &[];
