//! The log of one process, read while it is written.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file that a running process appends to.
#[derive(Clone, Debug)]
pub struct LogFile {
    path: PathBuf,
}

impl LogFile {
    /// The file at `path`; it may not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything written so far, in whole lines: a line still being written is left out.
    pub fn text(&self) -> String {
        let bytes = fs::read(&self.path).unwrap_or_default();
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }

    /// Lines in which every one of `words` appears, case ignored.
    pub fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let matches = |line: &&str| {
            let line = line.to_lowercase();
            words.iter().all(|word| line.contains(word))
        };
        self.text().lines().filter(matches).map(str::to_owned).collect()
    }

    /// The last `count` lines.
    pub fn tail(&self, count: usize) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }
}
