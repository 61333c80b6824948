//! Laws that hold for any histogram.
