//! A program: the source text that both sides run, and where it comes from.

use serde::{Deserialize, Serialize};

/// A program with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Unique within a run: `dict/insert`.
    pub name: String,
    /// The internals topic it drives: `dict`.
    pub topic: String,
    /// The name of its file below the folder.
    pub filename: String,
    /// The absolute folder that its file lies in, so that it can be run as `python3 FILE` would; empty where there is
    /// no file.
    pub folder: String,
    /// The source text, in UTF-8.
    pub source: String,
}

impl Program {
    /// A program that belongs to a topic's chapter.
    pub fn new(topic: &str, stem: &str, source: &str) -> Program {
        Program {
            name: format!("{topic}/{stem}"),
            topic: topic.to_owned(),
            filename: format!("{topic}/{stem}.py"),
            folder: String::new(),
            source: source.to_owned(),
        }
    }

    /// The file name that the code objects carry: the absolute path, where there is a file.
    pub fn path(&self) -> String {
        if self.folder.is_empty() {
            self.filename.clone()
        } else {
            format!("{}/{}", self.folder, self.filename)
        }
    }

    /// What `sys.path[0]` is: the folder of the file, or nothing where there is no file.
    pub fn directory(&self) -> String {
        let path = self.path();
        match path.rsplit_once('/') {
            Some((directory, _)) if !self.folder.is_empty() => directory.to_owned(),
            _ => String::new(),
        }
    }

    /// A text in which the folder is left out of paths, as reports show it.
    pub fn without_folder(&self, text: &str) -> String {
        if self.folder.is_empty() {
            text.to_owned()
        } else {
            text.replace(&format!("{}/", self.folder), "")
        }
    }
}
