//! Prometheus data directories: blocks, head chunks and WAL, read only; block writing.
