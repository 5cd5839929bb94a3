//! Where lines go: those of managers, of workers, of processors.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use scaler_wm_tests::{Failure, LATEST, LogFile, Result, Script, UpStack, manager_binary};

/// What is the same in two runs: `PID` for each number.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        match letter.is_ascii_digit() {
            true if plain.ends_with("PID") => {}
            true => plain.push_str("PID"),
            false => plain.push(letter),
        }
    }
    plain
}

/// Where Python processes of a manager wrote, and lines of which levels.
#[derive(Debug, Default, PartialEq, Eq)]
struct Written {
    /// Every file, the manager's own ones included.
    files: BTreeSet<String>,
    /// What is in those of processors, or on standard output.
    levels: BTreeSet<(String, String)>,
}

impl Written {
    fn read(folder: &Path, output: &LogFile) -> Self {
        let mut all = Self::default();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = plain(&entry.file_name().to_string_lossy());
            if !OWN_FILES.contains(&&*name) {
                all.add(&name, &LogFile::new(entry.path()));
            }
            all.files.insert(name);
        }
        all.add("standard output", output);
        all
    }

    fn add(&mut self, name: &str, log: &LogFile) {
        let text = log.text();
        // `DATE TIME LEVEL scaler[PID] …`
        let of_python = |line: &&str| line.split(' ').nth(3).is_some_and(|word| word.starts_with("scaler["));
        let levels = text.lines().filter(of_python).filter_map(|line| line.split(' ').nth(2));
        self.levels.extend(levels.map(|level| (name.to_owned(), level.to_owned())));
    }
}

/// The files that a manager is told to write.
const OWN_FILES: [&str; 2] = ["one.log", "two.log"];

/// Runs a manager with two log files at this level, and a task; where was written, and what is on standard output.
fn written(stack: &UpStack, mut command: Command, id: &str, level: &str) -> Result<(Written, LogFile)> {
    let folder = stack.folder().join(id);
    std::fs::create_dir(&folder).map_err(|error| Failure::new("make a folder", error))?;
    command.args(["baremetal_native", &stack.address(), "-wmi", id, "-mtc", "1", "-ll", level, "-lp"]);
    command.args(OWN_FILES.map(|file| folder.join(file)));
    let mut manager = stack.start(&mut command)?;
    let mut client = stack.client(&Script::Workload { tasks: 1, seconds: 0.0 })?;
    let finished = client.finish(30.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "a right result", format!("{finished:?}"))?;
    manager.terminate();
    stack.until("the manager's end", 30.0, || manager.exited())?;
    Ok((Written::read(&folder, manager.output()), manager.output().clone()))
}

/// Lines of our manager, of the level of information or below.
fn own_lines(log: &LogFile) -> Vec<String> {
    let lines = log.lines_with(&["Z "]);
    lines.into_iter().filter(|line| line.contains("Z DEBUG ") || line.contains("Z  INFO ")).collect()
}

#[test]
fn workers_write_where_those_of_the_released_manager_do() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let mut up = stack.all_up(&stack.core_and(""), &[])?;
    for level in ["DEBUG", "WARNING"] {
        let id = |whose: &str| format!("{whose}-{level}");
        let released = Command::new(stack.venv().program("scaler_worker_manager"));
        let (theirs, _) = written(&stack, released, &id("theirs"), level)?;
        let (ours, output) = written(&stack, Command::new(manager_binary()?), &id("ours"), level)?;
        stack.check(theirs.files.len() > OWN_FILES.len(), "files of processors", format!("{theirs:?}"))?;
        stack.check(ours == theirs, "the same files and levels", format!("{ours:?} instead of {theirs:?}"))?;

        let here = own_lines(&output);
        stack.check(here.is_empty(), "none of our lines on standard output", format!("{here:?}"))?;
        let [one, two] = OWN_FILES.map(|file| own_lines(&LogFile::new(stack.folder().join(id("ours")).join(file))));
        stack.check(one == two, "our lines in both files", format!("{one:?} and {two:?}"))?;
        stack.check(one.is_empty() == (level == "WARNING"), "the level kept", format!("{level}: {one:?}"))?;
    }
    up.terminate();
    stack.until_ended(&mut up, 0, 15.0)
}

/// Each manager of a file has its own level and its own files.
#[test]
fn each_manager_has_its_own_log() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let log = |id: &str| stack.folder().join(format!("{id}.log"));
    let keys =
        |id: &str, level: &str| format!("logging_level = \"{level}\"\nlogging_paths = [\"{}\"]\n", log(id).display());
    // Nobody listens there, of which it warns.
    let quiet = keys("quiet", "WARNING") + "monitor_address = \"tcp://127.0.0.1:9\"\n";
    let monitor = format!("monitor_address = \"tcp://127.0.0.1:{}\"\n", stack.ports().monitor);
    let managers = stack.manager_section("loud", 1, &(keys("loud", "DEBUG") + &*monitor))
        + &*stack.manager_section("quiet", 1, &quiet);
    let mut up = stack.all_up(&stack.core_and(&managers), &[])?;
    let (loud, quiet) = (LogFile::new(log("loud")), LogFile::new(log("quiet")));
    let warning = ["WARN", "tcp://127.0.0.1:9"];
    stack.until("the warning", 10.0, || (!quiet.lines_with(&warning).is_empty()).then_some(()))?;
    up.terminate();
    stack.until_ended(&mut up, 0, 15.0)?;

    for words in [["DEBUG", "Z "], ["INFO", "manager=loud"]] {
        stack.check(!loud.lines_with(&words).is_empty(), "its own lines in the loud one's", format!("{words:?}"))?;
    }
    let others = loud.lines_with(&["127.0.0.1:9 "]);
    stack.check(others.is_empty(), "no line of the quiet one in the loud one's", format!("{others:?}"))?;
    let text = quiet.text();
    let is_wrong = |line: &&str| !line.contains(" WARN ") && !line.contains("ERROR") || line.contains("loud");
    let wrong: Vec<&str> = text.lines().filter(is_wrong).collect();
    stack.check(wrong.is_empty(), "only its warnings in the quiet one's", format!("{wrong:?}"))?;
    let here = up.output().lines_with(&["manager="]);
    stack.check(here.is_empty(), "no line of either on standard output", format!("{here:?}"))
}
