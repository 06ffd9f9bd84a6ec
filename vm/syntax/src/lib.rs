//! Tokenizer, parser, AST and syntax errors as data; no objects.
