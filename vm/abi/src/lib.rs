//! Twins of CPython 3.11's C structs, flags and function types: data only.
