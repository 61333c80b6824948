//! How fast text is read.
