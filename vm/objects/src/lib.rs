//! The object kernel: memory, reference counts, types, built-in objects, errors.
