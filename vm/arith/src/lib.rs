//! Digit kernels, float parsing and printing, siphash: slices in, values out.
