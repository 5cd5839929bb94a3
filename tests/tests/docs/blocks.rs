//! Documents, and the blocks in them.

use std::fs;
use std::path::Path;

use scaler_wm_tests::{Failure, Result};

/// One text, as its readers find it.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
}

/// What stands between two fences.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// From the folder of the repository.
    pub(crate) file: String,
    /// The line of its first fence.
    pub(crate) line: usize,
    /// What the fence says that it is.
    pub(crate) kind: String,
    pub(crate) text: String,
    /// The paragraph before it.
    pub(crate) before: String,
}

impl Document {
    /// Reads one of the repository's, by its path there.
    pub(crate) fn read(root: &Path, file: &str) -> Result<Self> {
        let text = fs::read_to_string(root.join(file)).map_err(|error| Failure::new(format!("read {file}"), error))?;
        Ok(Self { blocks: blocks(file, &text)? })
    }
}

impl Block {
    /// A failure that says where it is.
    pub(crate) fn failed(&self, detail: impl std::fmt::Display) -> Failure {
        Failure::new(format!("execute {}:{}", self.file, self.line), detail)
    }

    /// A file that the paragraph before it names, if it does: the last one with such an ending.
    pub(crate) fn named(&self, ending: &str) -> Option<&str> {
        let is_file = |name: &&str| name.ends_with(ending) && !name.contains([' ', '*']);
        self.before.split('`').skip(1).step_by(2).filter(is_file).last()
    }
}

fn blocks(file: &str, text: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut open: Option<(Block, usize)> = None;
    let (mut before, mut is_over) = (String::new(), true);
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        match (&mut open, trimmed.strip_prefix("```")) {
            (None, Some(info)) => {
                let (kind, before) = (info.trim().to_owned(), std::mem::take(&mut before));
                let block = Block { file: file.to_owned(), line: number, kind, text: String::new(), before };
                open = Some((block, indent));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(block, _)| block)),
            (Some((block, indent)), None) => {
                block.text.push_str(line.get(*indent..).unwrap_or(trimmed));
                block.text.push('\n');
            }
            (None, None) if trimmed.is_empty() => is_over = true,
            (None, None) => {
                if std::mem::take(&mut is_over) {
                    before.clear();
                }
                before.push_str(trimmed);
                before.push('\n');
            }
        }
    }
    match open {
        Some((block, _)) => Err(block.failed("this block has no end")),
        None => Ok(blocks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_lines_kinds_and_names() {
        let text =
            "Old.\n\nWrite `a.toml` to\n`b.toml`:\n\n```toml\na = 1\n```\n- in a list\n\n  ```\n  x\n    y\n  ```\n";
        let found = blocks("x.md", text).expect("blocks");
        let told: Vec<_> = found.iter().map(|block| (block.line, &*block.kind, &*block.text)).collect();
        assert_eq!(told, [(6, "toml", "a = 1\n"), (11, "", "x\n  y\n")]);
        assert_eq!((found[0].named(".toml"), found[1].named(".toml")), (Some("b.toml"), None));
        let failure = blocks("x.md", "\n```toml\n").expect_err("no end").to_string();
        assert_eq!(failure, "failed to execute x.md:2: this block has no end");
    }
}
