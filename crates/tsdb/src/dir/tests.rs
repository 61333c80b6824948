//! Data directories that are made, disturbed and opened.
