//! Runs logical plans: vectorised operators over batches, limits, cancellation, statistics.
