//! Somebody who reads a document, writes the files that it shows, and types what it says, in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::Instant;

use scaler_wm_tests::{Failure, LogFile, Process, Result, deadline, marked, python_scripts};
use tempfile::TempDir;

use crate::clouds::Cloud;
use crate::ground;
use crate::names::Names;
use crate::services::{Role, Service};
use crate::shown::differs;
use crate::steps::{Step, words};

/// Types of managers.
pub(crate) const TYPES: [&str; 6] =
    ["baremetal_native", "aws_raw_ecs", "orb_aws_ec2", "aws_hpc", "symphony", "external"];

/// Programs that are run as they are, or as `stand_ins.py` hands on to them.
const RUN: [&str; 18] = [
    "scaler-wm",
    "scaler_object_storage_server",
    "scaler_scheduler",
    "python",
    "source",
    ".",
    "mkdir",
    "ln",
    "export",
    "echo",
    "printf",
    "tar",
    "install",
    "curl",
    "sh",
    "eval",
    "scaler",
    "python3",
];

/// Those whose arguments are looked at instead.
const CHECKED: [&str; 5] = ["cargo", "pip", "systemctl", "podman", "make"];

/// What shows how things are just now.
const LOOKS: [&str; 3] = ["ctl status", "ctl units", "ctl explain"];

/// Ends a command's shell: what it leaves to the next one.
const AFTER: &str = "\nstatus=$?\nenv -0 > \"$SCALER_WM_DOCS_READER/../environment\"\npwd > \"$SCALER_WM_DOCS_READER/../folder\"\nexit $status\n";

/// Lines of a log that a failure shows.
const TAIL: usize = 30;

/// How a command was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Run,
    Checked,
}

/// One reader, on a machine of their own. Everything that they have started ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) repository: PathBuf,
    pub(crate) names: Names,
    pub(crate) services: Vec<Service>,
    pub(crate) cloud: Option<Cloud>,
    /// By the scheme of addresses, `tcp` or `tls`, what scheduler there is.
    pub(crate) scheme: String,
    marker: String,
    environment: BTreeMap<String, String>,
    folder: PathBuf,
    files: BTreeMap<PathBuf, String>,
    logs: usize,
    /// Last: it is of use until everything has ended.
    root: TempDir,
}

impl Reader {
    pub(crate) fn new(repository: &Path) -> Result<Self> {
        // Short: the names of sockets are.
        let root = tempfile::Builder::new().prefix("docs-").tempdir();
        let root = root.map_err(|error| Failure::new("make a folder for a reader", error))?;
        let names = Names::new(root.path())?;
        let marker = format!("{}-{}", process::id(), names.ports.scheduler);
        let environment = ground::prepare(root.path(), repository, &marker)?;
        Ok(Self {
            repository: repository.to_owned(),
            names,
            services: Vec::new(),
            cloud: None,
            scheme: "tcp".to_owned(),
            marker,
            environment,
            folder: root.path().join("work"),
            files: BTreeMap::new(),
            logs: 0,
            root,
        })
    }

    /// Where all that this reader has is.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Writes a file, by the name that a document gives it; where it is.
    pub(crate) fn write(&mut self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(self.names.here(name));
        self.files.insert(path.clone(), text.to_owned());
        self.write_files()?;
        Ok(path)
    }

    /// The text of the files that a command names, as documents have it.
    pub(crate) fn named_in(&self, words: &[String]) -> String {
        let path = |word: &String| self.folder.join(self.names.here(word));
        words.iter().filter_map(|word| self.files.get(&path(word))).map(String::as_str).collect()
    }

    fn write_files(&self) -> Result<()> {
        for (path, text) in &self.files {
            let written = fs::write(path, self.names.here(text));
            written.map_err(|error| Failure::new(format!("write {}", path.display()), error))?;
        }
        Ok(())
    }

    /// Lets commands from now on find this cloud, if it is not there already.
    pub(crate) fn find_cloud(&mut self, manager: &str) -> Result<()> {
        if self.cloud.as_ref().is_some_and(|cloud| cloud.manager() == manager) {
            return Ok(());
        }
        // Whoever talks to the last one would fail without it.
        self.end_all(|_| true)?;
        self.cloud = None;
        let cloud = Cloud::start(manager)?;
        self.environment.insert("AWS_ENDPOINT_URL".to_owned(), cloud.endpoint());
        self.names.set_ids(cloud.ids()?);
        self.cloud = Some(cloud);
        self.write_files()
    }

    /// Types a command of `file`, waits for what it does, and compares what it says with what is shown.
    pub(crate) fn types(&mut self, file: &str, step: &Step) -> Result<How> {
        let place = format!("{file}:{}", step.line);
        self.execute(&place, step).map_err(|failure| Failure::new(format!("execute {place}"), failure))
    }

    fn execute(&mut self, place: &str, step: &Step) -> Result<How> {
        let words = words(&step.text);
        let program = words.first().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
        let makes_venv = program == "python3" && words.get(2).is_some_and(|word| word == "venv");
        let is_checked = CHECKED.contains(&program) || makes_venv;
        if !is_checked && !RUN.contains(&program) {
            return Err(Failure::new(
                format!("execute `{}`", step.text),
                "the tests know no such program: see reader.rs",
            ));
        }
        let role = Role::of(&words);
        self.prepare(role, &words, &step.text)?;
        if role == Role::Once {
            self.run(step)?;
        } else {
            self.start(role, place, step)?;
        }
        if words.get(1).is_some_and(|word| word == "record") {
            self.give_work(&words)?;
        }
        // Whoever has seen enough ends what only shows, or records.
        self.end_all(|role| role == Role::Watcher)?;
        Ok(if is_checked { How::Checked } else { How::Run })
    }

    /// Runs a command to its end. One that shows an error ends with exit code 2, any other one with 0. What looks at
    /// something that changes is tried until it is as shown.
    pub(crate) fn run(&mut self, step: &Step) -> Result<()> {
        let end = deadline(20.0);
        let looks = LOOKS.iter().any(|words| step.text.contains(words));
        loop {
            let done = self.run_once(step);
            if done.is_ok() || !looks || Instant::now() >= end {
                return done;
            }
        }
    }

    fn run_once(&mut self, step: &Step) -> Result<()> {
        let text = self.with_unit(&self.names.here(&step.text))?;
        let (mut command, log) = self.command(&format!("{text}{AFTER}"));
        let mut process = Process::start(&step.text, &mut command, log)?;
        let explain = |failure: Failure, log: &LogFile| failure.with_context(format!("it said\n{}", log.tail(TAIL)));
        let status = process.wait(120.0).map_err(|failure| explain(failure, process.log()))?;
        let code = if step.shown.first().is_some_and(|line| line.starts_with("error: ")) { 2 } else { 0 };
        if status.code() != Some(code) {
            let failure = Failure::new(format!("see `{}` end with exit code {code}", step.text), status);
            return Err(explain(failure, process.log()));
        }
        let wrong = match &*step.shown {
            [] => None,
            shown => differs(shown, &self.names.there(&process.log().text()), false),
        };
        if let Some(wrong) = wrong {
            return Err(explain(Failure::new(format!("see what is shown of `{}`", step.text), wrong), process.log()));
        }
        self.take_over()
    }

    /// The next command begins where this one has ended.
    fn take_over(&mut self) -> Result<()> {
        let read = |name: &str| {
            let text = fs::read_to_string(self.root().join(name));
            text.map_err(|error| Failure::new("read what a shell has left", error))
        };
        let (environment, folder) = (read("environment")?, read("folder")?);
        let pairs = environment.split('\0').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.filter(|(name, _)| !["_", "SHLVL", "PWD", "OLDPWD"].contains(name));
        self.environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.folder = PathBuf::from(folder.trim_end());
        Ok(())
    }

    /// Starts a command that stays, and waits until it is ready.
    pub(crate) fn start(&mut self, role: Role, place: &str, step: &Step) -> Result<()> {
        let text = self.names.here(&step.text);
        let (mut command, log) = self.command(&text);
        if step.text.contains("scaler-wm top") {
            let mut inside = Command::new(self.root().join("venv/bin/python"));
            inside.arg(python_scripts().join("in_terminal.py")).arg(command.get_program()).args(command.get_args());
            self.surround(&mut inside);
            command = inside;
        }
        let process = Process::start(&step.text, &mut command, log)?;
        let mut service = Service::new(role, place.to_owned(), step, process);
        let ready = service.until_ready(&self.names);
        self.services.push(service);
        ready
    }

    fn command(&mut self, script: &str) -> (Command, LogFile) {
        let mut command = Command::new("bash");
        // A simple command takes the place of the shell, and so gets the signal that ends it.
        command.args(["--norc", "--noprofile", "-o", "pipefail", "-c", script]);
        self.surround(&mut command);
        self.logs += 1;
        (command, LogFile::new(self.root().join(format!("{}.log", self.logs))))
    }

    fn surround(&self, command: &mut Command) {
        command.env_clear().envs(&self.environment).current_dir(&self.folder);
    }

    /// Ends services of these roles, the youngest first.
    pub(crate) fn end_all(&mut self, goes: impl Fn(Role) -> bool) -> Result<()> {
        let mut stays = Vec::new();
        let mut ended = Ok(());
        while let Some(service) = self.services.pop() {
            if goes(service.role) {
                ended = ended.and(service.end());
            } else {
                stays.insert(0, service);
            }
        }
        self.services = stays;
        ended
    }

    /// The end of the document: everything that runs is ended.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.end_all(|_| true)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.services.clear();
        let end = deadline(10.0);
        let mut left = marked(&self.marker);
        while !left.is_empty() && Instant::now() < end {
            left.iter().for_each(scaler_wm_tests::Proc::kill);
            left = marked(&self.marker);
        }
    }
}
