//! The reference VM as a subject worker.
