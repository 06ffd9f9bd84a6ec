//! The regular expression matching engine over code words and text; no objects.
