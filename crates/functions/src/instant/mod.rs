//! Functions of instant vectors and scalars.

use crate::Function;

/// All of them.
pub(crate) static ALL: &[&Function] = &[];
