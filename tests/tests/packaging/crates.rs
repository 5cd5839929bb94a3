//! Crates that are published have in them whatever they include.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::root;

/// What begins a path, in quotes, of a file that the compiler reads.
const INCLUDES: [&str; 3] = ["include_str!(\"", "include_bytes!(\"", "#[path = \""];

#[test]
fn a_published_crate_includes_nothing_from_outside() {
    let mut seen = 0;
    let folder = fs::read_dir(root().join("crates")).expect("the crates");
    for krate in folder.map(|entry| entry.expect("an entry").path()) {
        let manifest = fs::read_to_string(krate.join("Cargo.toml")).expect("a manifest");
        if manifest.contains("publish = false") {
            continue;
        }
        let mut outside = Vec::new();
        for file in sources(&krate.join("src")) {
            seen += 1;
            let text = fs::read_to_string(&file).expect("a source file");
            outside.extend(included(&file, &text).into_iter().filter(|path| !path.starts_with(&krate)));
        }
        assert_eq!(outside, Vec::<PathBuf>::new(), "{} would not be built from its package", krate.display());
    }
    assert!(seen > 500, "{seen} files");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// Files that `file` includes, but those that only tests of documents do.
fn included(file: &Path, text: &str) -> Vec<PathBuf> {
    let lines: Vec<&str> = text.lines().collect();
    let is_built = |at: &usize| at.checked_sub(1).is_none_or(|before| !lines[before].contains("cfg(doctest)"));
    let found = |at: usize| {
        let after = INCLUDES.iter().find_map(|start| lines[at].split_once(start))?.1;
        Some(resolved(&file.with_file_name(after.split('"').next()?)))
    };
    (0..lines.len()).filter(is_built).filter_map(found).collect()
}

/// The same path without `..`.
fn resolved(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
        path
    })
}
