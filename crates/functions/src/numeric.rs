//! Numeric primitives that several kernels share: compensated sums, means, variances, quantiles, regression.
