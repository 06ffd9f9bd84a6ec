//! Symbol tables and code generation: AST to plain code descriptions; no objects.
