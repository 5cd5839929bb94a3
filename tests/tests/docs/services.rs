//! What a reader starts and leaves running.

use std::os::unix::process::ExitStatusExt;

use scaler_wm_tests::{Failure, Process, Result, is_listening, until};

use crate::names::Names;
use crate::shown::differs;
use crate::steps::Step;

/// Lines of a log that a failure shows.
const TAIL: usize = 20;

/// What a command is, by what it leaves running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Storage,
    Scheduler,
    Manager,
    /// `scaler-wm up`.
    Stack,
    /// What serves units to a manager.
    Plugin,
    /// What shows or records until it is ended, which it is as soon as there is something to be seen.
    Watcher,
    /// It ends by itself.
    Once,
}

impl Role {
    /// That of a command, by its words.
    pub(crate) fn of(words: &[String]) -> Self {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let program = words.first().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
        match (program, &words[words.len().min(1)..]) {
            ("scaler_object_storage_server", _) => Self::Storage,
            ("scaler_scheduler", _) => Self::Scheduler,
            ("scaler-wm", ["aws_hpc", "provision" | "show" | "cleanup" | "build-image", ..]) => Self::Once,
            ("scaler-wm", ["up", ..]) | ("scaler", _) => Self::Stack,
            ("scaler-wm", ["top" | "record", ..]) => Self::Watcher,
            ("scaler-wm", ["ctl", "events", rest @ ..]) if rest.contains(&"--follow") => Self::Watcher,
            ("scaler-wm", [kind, ..]) if crate::reader::TYPES.contains(kind) => Self::Manager,
            ("python", [script, ..]) if script.ends_with("local_processes.py") => Self::Plugin,
            _ => Self::Once,
        }
    }

    /// Whether one of these goes when a new one of that role comes: they would want the same ports, or the same id.
    pub(crate) fn gives_way_to(self, new: Self) -> bool {
        match new {
            Self::Stack | Self::Storage => !matches!(self, Self::Plugin),
            Self::Scheduler => matches!(self, Self::Scheduler | Self::Manager | Self::Stack),
            Self::Manager => matches!(self, Self::Manager | Self::Stack),
            Self::Plugin => self == Self::Plugin,
            Self::Watcher | Self::Once => false,
        }
    }

    /// What its log says once it is there.
    fn ready(self, step: &Step) -> &'static str {
        match self {
            Self::Manager => "target changed",
            Self::Stack => "everything is up after",
            Self::Plugin => "listening at",
            Self::Watcher if step.text.contains(" record ") => "recording",
            _ => "",
        }
    }
}

/// One that runs.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) role: Role,
    /// Where its command stands.
    pub(crate) place: String,
    step: Step,
    process: Process,
    is_ours: bool,
}

impl Service {
    pub(crate) fn new(role: Role, place: String, step: &Step, process: Process) -> Self {
        let is_ours = !matches!(role, Role::Storage | Role::Scheduler);
        Self { role, place, step: step.clone(), process, is_ours }
    }

    /// Waits until it can be used; what the document shows must have been said by then.
    pub(crate) fn until_ready(&mut self, names: &Names) -> Result<()> {
        let what = format!("`{}` ready", self.step.text);
        let word = self.role.ready(&self.step);
        let ended = until(&what, 60.0, || match self.process.exited() {
            Some(status) => Some(Some(status)),
            None => self.is_ready(word, names).then_some(None),
        });
        let log = self.process.log();
        match ended.map_err(|failure| self.explain(failure))? {
            Some(status) => {
                return Err(self.explain(Failure::new(format!("see {what}"), format!("it ended: {status}"))));
            }
            None if self.step.shown.is_empty() => {}
            None => {
                if let Some(wrong) = differs(&self.step.shown, &names.there(&log.text()), true) {
                    return Err(self.explain(Failure::new(format!("see what {} shows", self.place), wrong)));
                }
            }
        }
        Ok(())
    }

    fn is_ready(&self, word: &str, names: &Names) -> bool {
        match self.role {
            Role::Storage => is_listening(names.ports.storage),
            // Its monitor comes last.
            Role::Scheduler => is_listening(names.ports.scheduler) && is_listening(names.ports.monitor),
            _ => {
                let text = self.process.log().text();
                !text.is_empty() && text.contains(word)
            }
        }
    }

    /// Asks it to end. One of ours ends with exit code 0.
    pub(crate) fn end(mut self) -> Result<()> {
        if let Some(status) = self.process.exited() {
            return Err(
                self.explain(Failure::new(format!("find {} running", self.place), format!("it ended: {status}")))
            );
        }
        self.process.terminate();
        let status = self.process.wait(60.0).map_err(|failure| self.explain(failure))?;
        // What only watches may just go.
        let has_gone = self.role == Role::Watcher && status.signal().is_some();
        if status.success() || has_gone || !self.is_ours {
            return Ok(());
        }
        Err(self.explain(Failure::new(format!("end `{}` of {}", self.step.text, self.place), status)))
    }

    fn explain(&self, failure: Failure) -> Failure {
        failure.with_context(format!("{}: it said\n{}", self.place, self.process.log().tail(TAIL)))
    }
}
