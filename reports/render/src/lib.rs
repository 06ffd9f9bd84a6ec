//! Reports: terminal, HTML, JSON, JUnit, Markdown.
