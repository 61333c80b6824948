//! Reads and writes the files that Prometheus-compatible systems export.
