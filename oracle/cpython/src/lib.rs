//! Real CPython through PyO3, as an oracle worker.
