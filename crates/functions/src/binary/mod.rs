//! Binary operators: kernels over slices.
