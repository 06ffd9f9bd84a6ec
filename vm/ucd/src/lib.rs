//! Unicode 14.0 tables, generated from the oracle's unicodedata.
