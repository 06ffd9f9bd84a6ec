//! A persistent CPython process that judges what our parser and compiler make of a file.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = include_str!("parity_oracle.py");

/// CPython's word on one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `equal`, `rejected` (by both, alike), `different`, or `error` (of the oracle's own).
    pub verdict: String,
    pub text: String,
}

pub struct ParityOracle {
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl ParityOracle {
    pub fn start(python: &str) -> Result<ParityOracle, String> {
        let mut child = Command::new(python)
            .args(["-I", "-c", SCRIPT])
            .env("PYTHONHASHSEED", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{python} does not start: {error}"))?;
        let (Some(requests), Some(replies)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{python} has no standard streams"));
        };
        Ok(ParityOracle {
            child,
            requests,
            replies: BufReader::new(replies),
        })
    }

    /// Asks about one file, or about a source that is none; `product` is what our side made of it with the
    /// `settings`: optimisation level, mode, whether type comments are read, minor version.
    pub fn ask(
        &mut self,
        stage: &str,
        settings: &str,
        path: &Path,
        product: &[u8],
        source: Option<&[u8]>,
    ) -> Result<Reply, String> {
        use std::os::unix::ffi::OsStrExt;
        let path = path.as_os_str().as_bytes();
        let gone = |error: std::io::Error| format!("the oracle is gone: {error}");
        let source_length = source.map_or("-1".to_owned(), |source| source.len().to_string());
        let head = format!(
            "{stage} {settings} {} {} {source_length}\n",
            path.len(),
            product.len()
        );
        let request = [head.as_bytes(), path, product, source.unwrap_or(&[])].concat();
        self.requests.write_all(&request).map_err(gone)?;
        self.requests.flush().map_err(gone)?;
        let mut line = String::new();
        self.replies.read_line(&mut line).map_err(gone)?;
        let mut words = line.split_whitespace();
        let verdict = words.next().ok_or("the oracle is gone")?.to_string();
        let length = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let mut text = vec![0; length];
        self.replies.read_exact(&mut text).map_err(gone)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Reply { verdict, text })
    }
}

impl Drop for ParityOracle {
    fn drop(&mut self) {
        // Whether it still lives or not, it has nothing left to say.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
