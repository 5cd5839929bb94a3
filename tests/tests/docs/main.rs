//! Every command and every block in the documents is executed: by a reader who does what is written there, in order.
//!
//! Blocks say what they are. `console`: commands behind `$ `, and what they print; `toml`: a whole file, under the name that
//! the text before it gives it, or `config.toml`; `rust`, `python`, `json`, `yaml` and `sh` are what their names say; `text` is
//! a picture. What a command needs is there: a scheduler, a manager to look at, a cloud (`needs.rs`). What a document calls by
//! fixed ports and folders has others here (`names.rs`). Commands that no test may run go to stand-ins that look at their
//! arguments (`tests/python/stand_ins.py`). A program that runs until it is ended does so until another one needs its place, or
//! the document ends, and must end well (`services.rs`).

mod blocks;
mod clouds;
mod ground;
mod mentions;
mod names;
mod needs;
mod others;
#[expect(unreachable_pub, reason = "it is shown in a document as the whole of a crate")]
mod provider;
mod reader;
mod services;
mod shown;
mod steps;
mod suite;
mod tables;

use std::fs;
use std::io::Write;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use scaler_wm_tests::{Failure, Result, manager_binary};

use crate::blocks::{Block, Document};
use crate::reader::{How, Reader};

// What `suite.rs` shows is a test of another crate.
extern crate self as my_provider;
pub(crate) use provider::ProcessProvider;

/// Folders with documents, whose own are read, not those below.
const FOLDERS: [&str; 3] = ["", "docs", "docs/managers"];

/// What is made by programs, and what is about the repository itself.
const LEFT_OUT: [&str; 5] = ["docs/reference.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

/// Readers at work at once: each starts whole stacks.
const AT_ONCE: usize = 2;

/// What was done, by how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    run: usize,
    parsed: usize,
    compiled: usize,
    checked: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.run += other.run;
        self.parsed += other.parsed;
        self.compiled += other.compiled;
        self.checked += other.checked;
    }
}

impl Tally {
    fn all(self) -> usize {
        self.run + self.parsed + self.compiled + self.checked
    }
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace")
}

/// All documents, from the folder of the repository; or those that `SCALER_WM_DOCS` names.
pub(crate) fn documents() -> Result<Vec<String>> {
    let failed = |error: std::io::Error| Failure::new("list documents", error);
    let mut found = Vec::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(repository().join(folder)).map_err(failed)? {
            found.push(PathBuf::from(folder).join(entry.map_err(failed)?.file_name()));
        }
    }
    for entry in fs::read_dir(repository().join("crates")).map_err(failed)? {
        found.push(PathBuf::from("crates").join(entry.map_err(failed)?.file_name()).join("README.md"));
    }
    let mut found: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
    let named = std::env::var("SCALER_WM_DOCS").unwrap_or_default();
    found.retain(|file| file.ends_with(".md") && !LEFT_OUT.contains(&&**file));
    found.retain(|file| named.is_empty() || named.split(' ').any(|name| name == file));
    found.sort();
    Ok(found)
}

/// Does what a document says, in order.
fn execute(document: &Document) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut reader = None;
    let (mut nth_rust, repository) = (0, repository());
    for block in &document.blocks {
        match &*block.kind {
            "text" => {}
            "json" => {
                others::json(block)?;
                tally.parsed += 1;
            }
            "yaml" => {
                others::yaml(block, repository)?;
                tally.parsed += 1;
            }
            "rust" | "rust,no_run" => {
                others::rust(block, nth_rust, repository)?;
                (nth_rust, tally.compiled) = (nth_rust + 1, tally.compiled + 1);
            }
            "toml" | "python" | "sh" | "console" => {
                let reader = match &mut reader {
                    Some(reader) => reader,
                    none => none.insert(Reader::new(repository)?),
                };
                tally += done_by(reader, block)?;
            }
            other => return Err(block.failed(format!("the tests know no blocks of the kind `{other}`"))),
        }
    }
    reader.map_or(Ok(()), Reader::finish)?;
    Ok(tally)
}

fn done_by(reader: &mut Reader, block: &Block) -> Result<Tally> {
    let mut tally = Tally::default();
    match &*block.kind {
        "toml" => {
            tables::read(reader, block)?;
            tally.parsed += 1;
        }
        "python" => {
            others::program(reader, block)?;
            tally.compiled += 1;
        }
        "sh" => {
            others::script(reader, block)?;
            tally.run += 1;
        }
        _ => {
            for step in steps::steps(block)? {
                match reader.types(&block.file, &step)? {
                    How::Run => tally.run += 1,
                    How::Checked => tally.checked += 1,
                }
            }
        }
    }
    Ok(tally)
}

#[test]
fn every_block_of_every_document_is_executed() -> Result<()> {
    // Once, before two ask for it.
    manager_binary()?;
    let files = documents()?;
    let queue = Mutex::new(files.clone());
    let next = || queue.lock().expect("no reader panics here").pop();
    let work = || {
        let (mut tally, mut failures) = (Tally::default(), Vec::new());
        while let Some(file) = next() {
            match Document::read(repository(), &file).and_then(|document| execute(&document)) {
                Ok(done) => tally += done,
                Err(failure) => failures.push(failure.to_string()),
            }
        }
        (tally, failures)
    };
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    thread::scope(|scope| {
        let readers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        for reader in readers {
            let (done, failed) = reader.join().expect("a reader");
            tally += done;
            failures.extend(failed);
        }
    });
    let Tally { run, parsed, compiled, checked } = tally;
    let (all, count) = (tally.all(), files.len());
    let line = format!(
        "{count} documents: executed {all} ({run} run, {parsed} parsed, {compiled} compiled, {checked} checked by \
         stand-ins), skipped 0\n"
    );
    // Past the harness, which shows nothing of tests that are good.
    std::io::stderr().write_all(line.as_bytes()).expect("a line written");
    if failures.is_empty() { Ok(()) } else { Err(Failure::new("execute the documents", failures.join("\n\n"))) }
}
