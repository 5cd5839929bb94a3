//! ARCHITECTURE.md says where things are and which way the arrows point: as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::root;

fn document() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

/// The text below a heading, up to the next one.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("\n## {heading}\n")).expect("the heading");
    rest.split("\n## ").next().unwrap_or(rest)
}

#[test]
fn arrows_are_those_of_the_manifests() {
    let document = document();
    let block = section(&document, "Arrows").split("```").nth(1).expect("a block of arrows");
    let told: BTreeMap<String, Vec<String>> = block.lines().skip(1).map(arrow).collect();
    assert_eq!(told, arrows());
}

/// A line of the block.
fn arrow(line: &str) -> (String, Vec<String>) {
    let (from, to) = line.split_once("->").unwrap_or((line, ""));
    let to = to.split_whitespace().map(|name| format!("scaler-wm-{name}")).collect();
    (from.trim().to_owned(), to)
}

/// What each member of the workspace depends on among the others, in order.
fn arrows() -> BTreeMap<String, Vec<String>> {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root()).output();
    let metadata: Value = serde_json::from_slice(&output.expect("cargo metadata").stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let members: Vec<String> = packages.iter().map(name).collect();
    let known = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies");
        let normal = all.iter().filter(|dependency| dependency["kind"].is_null()).map(name);
        let mut known: Vec<String> = normal.filter(|name| members.contains(name)).collect();
        known.sort_unstable();
        known
    };
    packages.iter().map(|package| (name(package), known(package))).collect()
}

#[test]
fn what_the_code_map_names_is_there() {
    let document = document();
    let (mut seen, mut missing) = (0, Vec::new());
    for line in section(&document, "Code map").lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches(['|', ' ']).splitn(2, " | ");
        let (place, words) = (cells.next().unwrap_or_default().trim_matches('`'), cells.next().unwrap_or_default());
        let place = root().join(place);
        let files = below(&place);
        assert!(place.is_dir(), "{} is no folder", place.display());
        // Between backticks: each second part.
        for named in words.split('`').skip(1).step_by(2).filter(|named| is_file(named)) {
            seen += 1;
            if !files.iter().any(|file| has(file, named)) {
                missing.push(format!("{named} in {}", place.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen > 80, "{seen} names were looked for");
}

#[test]
fn every_folder_is_on_the_code_map() {
    let document = document();
    let map = section(&document, "Code map");
    let folders = |path: &Path| -> Vec<String> {
        let entries = fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
        let names =
            entries.filter(|path| path.is_dir()).filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        names.filter(|name| !name.starts_with('.')).collect()
    };
    let top = folders(root()).into_iter().filter(|name| !["crates", "target"].contains(&name.as_str()));
    let all = top.chain(folders(&root().join("crates")).into_iter().map(|name| format!("crates/{name}")));
    let has_row = |name: &String| ["`", "/"].iter().any(|end| map.contains(&format!("\n| `{name}{end}")));
    let missing: Vec<String> = all.filter(|name| !has_row(name)).collect();
    assert!(missing.is_empty(), "no row has {missing:?}");
}

/// Whether it is the name of a file or a folder. (Others are names of crates, types and commands.)
fn is_file(named: &str) -> bool {
    !named.contains(' ') && [".rs", ".py", ".html", "/"].iter().any(|end| named.ends_with(end))
}

fn has(file: &Path, named: &str) -> bool {
    match named.strip_suffix('/') {
        Some(folder) => file.ancestors().skip(1).any(|above| above.ends_with(folder)),
        None => file.ends_with(named),
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}
