//! Heads that are written, damaged and loaded.
