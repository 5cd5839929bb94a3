//! A real shell, and texts that it could take for something else.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use proptest::prelude::*;
use tempfile::TempDir;

/// What hostile texts try to run: it is a program of every [`Shell`], so that it would be on record.
pub const CANARY: &str = "canary";

/// What a shell could take for something else than text.
const PARTS: &[&str] = &[
    "$(canary)",
    "`canary`",
    ";canary;",
    "&&canary",
    "||canary",
    "|canary",
    "&canary&",
    "\ncanary\n",
    "<(canary)",
    ">made",
    ">>made",
    "<made",
    "2>&1",
    "'",
    "''",
    "\"",
    "\\",
    "\\\\",
    "\\'",
    "\\\n",
    "\n",
    "\r",
    "\t",
    " ",
    "*",
    "?",
    "[a-z]*",
    "{a,b}",
    "~",
    "~root",
    "-n",
    "-",
    "--",
    "$HOME",
    "${PATH}",
    "$$",
    "$1",
    "$@",
    "$'\\n'",
    "$((1+1))",
    "!!",
    "!",
    "#",
    "%s",
    "%",
    "=",
    ":",
    "(",
    ")",
    "{",
    "}",
    ";;",
    "esac",
    "EOF",
    "a",
    "ü",
    "🦀",
    "\u{202e}",
    "\u{7f}",
    "\u{1b}[0m",
    "\u{a0}",
];

/// A text that is not empty and has no NUL, which no command line can hold.
pub fn hostile() -> impl Strategy<Value = String> {
    let parts = proptest::collection::vec(proptest::sample::select(PARTS), 1..8).prop_map(|parts| parts.concat());
    let any = any::<String>().prop_map(|text| text.replace('\0', ""));
    prop_oneof![4 => parts, 1 => any, 1 => "[ -~]{1,30}"].prop_filter("it is empty", |text| !text.is_empty())
}

/// A folder in which scripts run. All that they find to run writes down how it was called.
#[derive(Debug)]
pub struct Shell {
    folder: TempDir,
}

/// How one program was called: its name, and its arguments.
pub type Called = Vec<String>;

impl Shell {
    /// One with these programs, and with others of this system as they are.
    ///
    /// # Errors
    /// When its folder cannot be filled.
    pub fn new(programs: &[&str], others: &[&str]) -> io::Result<Self> {
        let shell = Self { folder: tempfile::tempdir()? };
        let bin = shell.at("bin");
        fs::create_dir(&bin)?;
        for name in programs.iter().copied().chain([CANARY]) {
            // Number, name, arguments: each ends with a NUL, which none of them can hold.
            let calls = shell.at("calls");
            let text = format!("#!/bin/sh\nprintf '%s\\0' \"$#\" {name} \"$@\" >> {}\n", calls.display());
            fs::write(bin.join(name), text)?;
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755))?;
        }
        for name in others {
            symlink(found(name)?, bin.join(name))?;
        }
        // What patterns would be taken for.
        fs::create_dir(shell.at("here"))?;
        for name in ["a", "ab", "made of words"] {
            fs::write(shell.at("here").join(name), "")?;
        }
        Ok(shell)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What was called when `shell` ran a script with these variables.
    ///
    /// # Errors
    /// When the shell cannot be started, a complaint was printed, or a file has come or gone: then something was taken for
    /// what it is not.
    pub fn run(&self, shell: &str, script: &str, variables: &[(&str, &str)]) -> io::Result<Vec<Called>> {
        let (file, calls, here) = (self.at("script"), self.at("calls"), self.at("here"));
        fs::write(&file, script)?;
        fs::write(&calls, "")?;
        let before = names(&here)?;
        let mut command = Command::new(found(shell)?);
        command.arg(&file).current_dir(&here).env_clear().env("PATH", self.at("bin")).env("HOME", &here);
        let ran = command.envs(variables.iter().copied()).stdin(Stdio::null()).output()?;
        let complaint = String::from_utf8_lossy(&ran.stderr);
        if !complaint.is_empty() {
            return Err(io::Error::other(format!("the shell complains: {complaint}")));
        }
        let after = names(&here)?;
        if before != after {
            return Err(io::Error::other(format!("files have come or gone: {before:?} {after:?}")));
        }
        called(&fs::read(&calls)?)
    }
}

fn names(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// A program of this system.
fn found(name: &str) -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&path).map(|folder| folder.join(name));
    all.find(|file| file.is_file()).ok_or_else(|| io::Error::other(format!("there is no {name}")))
}

/// What is on record.
fn called(record: &[u8]) -> io::Result<Vec<Called>> {
    let text = std::str::from_utf8(record).map_err(io::Error::other)?;
    let mut words = text.split_terminator('\0').map(str::to_owned);
    let mut calls = Vec::new();
    while let Some(count) = words.next() {
        let count: usize = count.parse().map_err(io::Error::other)?;
        calls.push(words.by_ref().take(count + 1).collect());
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_makes_of_a_script_is_on_record() {
        let shell = Shell::new(&["one"], &["cat"]).unwrap();
        let calls = shell.run("sh", "one 'a b' \"$V\" '' 'x\ny'\ncanary\n", &[("V", "$(canary)")]).unwrap();
        assert_eq!(calls, [vec!["one", "a b", "$(canary)", "", "x\ny"], vec!["canary"]]);
        assert!(shell.run("sh", "one *", &[]).unwrap()[0].contains(&"made of words".to_owned()));
        for (script, words) in [("no-such-program", "complains"), ("one x > made", "come or gone")] {
            assert!(shell.run("sh", script, &[]).unwrap_err().to_string().contains(words));
        }
    }
}
