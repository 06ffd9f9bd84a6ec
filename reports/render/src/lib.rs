//! Reports: the table on the terminal, a self-contained page, JSON, JUnit and Markdown.

#![deny(unsafe_code)]

pub mod campaign;
pub mod difference;
pub mod files;
pub mod gate;
pub mod image;
pub mod page;
pub mod telling;
pub mod terminal;
pub mod verdict;

pub use gate::{Cell, GateReport, Judged};
