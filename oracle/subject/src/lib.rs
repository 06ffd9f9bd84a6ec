//! Subjects as worker processes: protocol, limits, crash blame.
