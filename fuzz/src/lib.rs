//! What the fuzz targets share.

pub mod everything;
pub mod fixtures;
pub mod naive_xor;
pub mod repair;
