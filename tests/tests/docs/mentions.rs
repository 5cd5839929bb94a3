//! What documents mention beside blocks: places in documents, and flags. They must be there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use scaler_wm_tests::{Failure, Result, manager_binary};

use crate::reader::TYPES;
use crate::{documents, repository};

/// Commands whose help says what flags there are.
const COMMANDS: [&str; 25] = [
    "up",
    "config show",
    "config init",
    "preflight",
    "policy check",
    "policy eval",
    "policy replay",
    "ctl status",
    "ctl units",
    "ctl events",
    "ctl explain",
    "ctl limits",
    "ctl drain",
    "ctl undrain",
    "ctl stop",
    "ctl shutdown",
    "top",
    "doctor",
    "simulate",
    "record",
    "completions",
    "aws_hpc provision",
    "aws_hpc show",
    "aws_hpc cleanup",
    "aws_hpc build-image",
];

/// Those that no reader executes.
const ABOUT_THE_REPOSITORY: [&str; 4] = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

fn texts() -> Result<Vec<String>> {
    Ok(documents()?.into_iter().chain(ABOUT_THE_REPOSITORY.map(str::to_owned)).collect())
}

/// A document without its blocks, with the number of each line.
fn prose(file: &str) -> Result<Vec<(usize, String)>> {
    let text = fs::read_to_string(repository().join(file));
    let text = text.map_err(|error| Failure::new(format!("read {file}"), error))?;
    let mut is_block = false;
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            lines.push((at + 1, line.to_owned()));
        }
    }
    Ok(lines)
}

/// The names by which the headings of a document are linked to.
fn anchors(file: &str) -> Result<BTreeSet<String>> {
    let name = |line: &str| {
        let kept = line.trim_start_matches('#').trim().to_lowercase();
        let kept: String = kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter)).collect();
        kept.replace(' ', "-")
    };
    Ok(prose(file)?.iter().filter(|(_, line)| line.starts_with('#')).map(|(_, line)| name(line)).collect())
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part.as_os_str().to_str() {
            Some("..") => drop(plain.pop()),
            Some(".") => {}
            _ => plain.push(part),
        }
    }
    plain
}

#[test]
fn whatever_is_linked_to_is_there() -> Result<()> {
    let mut known: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    let mut broken = Vec::new();
    for file in texts()? {
        let text: String = prose(&file)?.into_iter().map(|(_, line)| line + "\n").collect();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = Path::new(&file).parent().unwrap_or(Path::new(""));
            let path = if path.is_empty() { PathBuf::from(&file) } else { plain(&folder.join(path)) };
            let is_there = repository().join(&path).exists();
            if is_there && !anchor.is_empty() && !known.contains_key(&path) {
                known.insert(path.clone(), anchors(&path.to_string_lossy())?);
            }
            if !is_there || (!anchor.is_empty() && !known[&path].contains(anchor)) {
                broken.push(format!("{file}: {link}"));
            }
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(Failure::new("find what is linked to", broken.join("\n"))) }
}

type Flags = BTreeSet<String>;

/// The long flags in a text.
fn flags_of(text: &str) -> Flags {
    let is_flag = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let words = text.split(|letter: char| !is_flag(letter));
    words.filter(|word| word.starts_with("--") && word.len() > 3).map(str::to_owned).collect()
}

/// The flags of each command, as its help has them.
fn known() -> Result<BTreeMap<&'static str, Flags>> {
    let mut known = BTreeMap::new();
    for command in COMMANDS.into_iter().chain(TYPES) {
        let output = Command::new(manager_binary()?).args(command.split(' ')).arg("--help").output();
        let output = output.map_err(|error| Failure::new("run scaler-wm", error))?;
        let flags = flags_of(&String::from_utf8_lossy(&output.stdout));
        if flags.is_empty() {
            return Err(Failure::new(format!("ask what flags {command} has"), String::from_utf8_lossy(&output.stderr)));
        }
        known.insert(command, flags);
    }
    Ok(known)
}

/// What is wrong with words in a text that are a command, or a flag.
fn wrong(span: &str, known: &BTreeMap<&str, Flags>) -> Vec<String> {
    let is_of = |command: &str, flag: &String| known[command].contains(flag);
    let said = flags_of(span);
    let Some(words) = span.strip_prefix("scaler-wm ") else {
        // A flag by itself is one of some command, of cargo, or stands for any.
        let others = ["--help", "--version", "--features", "--no-default-features", "--flag"];
        let is_known = |flag: &String| others.contains(&&**flag) || known.keys().any(|command| is_of(command, flag));
        return said.into_iter().filter(|flag| !is_known(flag)).collect();
    };
    // What stands for a word of the reader's.
    if words.split(' ').next().is_some_and(|word| word.starts_with("--") || word.chars().all(char::is_uppercase)) {
        return Vec::new();
    }
    let is_called =
        |command: &&&str| words.strip_prefix(**command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    // Of `aws_hpc provision` and `aws_hpc`, the longer one.
    let called = known.keys().filter(is_called).max_by_key(|command| command.len());
    let is_part = known.keys().any(|command| command.starts_with(&format!("{words} ")));
    match called {
        Some(command) => said.into_iter().filter(|flag| !is_of(command, flag) && flag != "--help").collect(),
        None if is_part => Vec::new(),
        None => vec![format!("no command {words}")],
    }
}

#[test]
fn every_command_and_flag_that_is_mentioned_is_there() -> Result<()> {
    let known = known()?;
    let mut unknown = Vec::new();
    for file in texts()? {
        for (number, line) in prose(&file)? {
            let spans = line.split('`').skip(1).step_by(2);
            for span in spans.filter(|span| span.starts_with("--") || span.starts_with("scaler-wm ")) {
                unknown.extend(wrong(span, &known).into_iter().map(|wrong| format!("{file}:{number}: {wrong}")));
            }
        }
    }
    if unknown.is_empty() { Ok(()) } else { Err(Failure::new("find what is mentioned", unknown.join("\n"))) }
}
