//! Symbol tables and code generation: AST to plain code descriptions; no objects.
#![deny(unsafe_code)]
pub mod code;
pub mod flow;
pub mod fold;
pub mod mangle;
pub mod opcode;
pub mod repr;
pub mod symtable;
pub mod values;
