//! Pairs subjects, compares observations, confirms, blames and signs.
