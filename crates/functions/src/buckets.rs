//! Classic histograms: quantiles and fractions of cumulative buckets.
