//! Findings and runs, kept in SQLite.
