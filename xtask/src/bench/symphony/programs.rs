//! What is run.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use scaler_wm_tests::{Process, Result, Stack, build, manager_binary, python_scripts};

use crate::shell;

/// The package of ours.
const PACKAGE: &str = "scaler-wm-symphony";
/// The application, which everybody here knows.
const APPLICATION: &str = "ScalerService";
/// Tasks that a worker has at Symphony at a time.
const CONCURRENCY: &str = "100";
/// More than a worker is ever given.
const QUEUE_SIZE: &str = "100000";
/// `None`, pickled: what a task returns that nobody has run; in hexadecimal.
const NONE: &str = "80044e2e";
/// The same as a payload of ours returns it.
const ANSWER: &str = "800343050080044e2e2e";
/// Longer than any output is awaited, in milliseconds and in microseconds.
const NEVER: [&str; 2] = ["slow-callbacks=3600000", "3600000000"];

/// Which manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    Ours,
    Released,
}

/// Who is behind the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// Somebody who answers at once and runs nothing.
    Nobody,
    /// Services that run the tasks.
    Services,
}

/// A library, and what makes it answer at once; `silence` besides lets it answer never.
#[derive(Clone, Copy, Debug)]
pub(super) struct Library<'a> {
    pub(super) path: &'a Path,
    pub(super) environment: &'static [(&'static str, &'static str)],
    pub(super) silence: &'static [(&'static str, &'static str)],
}

/// Programs and libraries of ours, as they would be released.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) overhead: PathBuf,
    pub(super) stand_in: PathBuf,
    binary: PathBuf,
    embed: PathBuf,
    double: PathBuf,
    simulator: PathBuf,
}

impl Programs {
    pub(super) fn build() -> Result<Self> {
        let binary = match env::var_os("SCALER_WM_BIN") {
            Some(_) => manager_binary()?,
            None => shell::build_binary(&["--release", "--features", "symphony"])?,
        };
        let folder = shell::target().join("bench/shim");
        let mut make = Command::new("make");
        make.args(["--silent", "double", "-C"]).arg(shell::root().join("crates").join(PACKAGE).join("shim"));
        shell::run("build the shim with its double", make.arg(format!("BUILD={}", folder.display())))?;
        Ok(Self {
            overhead: shell::build_example(PACKAGE, "overhead")?,
            stand_in: shell::build_example("scaler-wm-agent", "stand_in")?,
            binary,
            embed: shell::build_example(PACKAGE, "embed")?,
            double: folder.join("libscaler_soam.so"),
            simulator: build("scaler-wm-symphony-sim", "scaler_wm_symphony_sim", &["--lib", "--release"], true)?,
        })
    }

    /// The shim with its double.
    pub(super) fn double(&self) -> Library<'_> {
        Library {
            path: &self.double,
            environment: &[("SOAM_DOUBLE_NOOP", "1"), ("SOAM_DOUBLE_ANSWER", ANSWER)],
            silence: &[("SOAM_DOUBLE_SLOW_EVERY", "1"), ("SOAM_DOUBLE_SLOW_US", NEVER[1])],
        }
    }

    /// The simulator without services.
    pub(super) fn simulator(&self) -> Library<'_> {
        Library {
            path: &self.simulator,
            environment: &[("SCALER_SOAM_SIM_NOOP", "1")],
            silence: &[("SCALER_SOAM_SIM_FAULTS", NEVER[0])],
        }
    }

    /// Starts a manager at the scheduler of a stack.
    pub(super) fn manager(&self, stack: &Stack, manager: Manager, behind: Behind) -> Result<Process> {
        let mut command = match manager {
            Manager::Ours => Command::new(&self.binary),
            Manager::Released => released(stack),
        };
        command.args(["symphony", &stack.address(), "-wmi", "wm1", "-mtc", CONCURRENCY]);
        command.args(["--service-name", APPLICATION]);
        if manager == Manager::Ours {
            command.arg("--soam-library").arg(self.library(behind));
            command.arg("--state-dir").arg(stack.folder().join("state"));
        }
        start(stack, &mut command, behind)
    }

    /// Starts a worker alone, at a scheduler that knows no managers.
    pub(super) fn worker(&self, stack: &Stack, manager: Manager, behind: Behind, scheduler: &str) -> Result<Process> {
        let mut command = match manager {
            Manager::Ours => {
                let mut command = Command::new(&self.embed);
                // Its journal is where it is started.
                command.args([scheduler, APPLICATION]).arg(self.library(behind)).current_dir(stack.folder());
                command
            }
            Manager::Released => {
                let mut command = released(stack);
                command.args(["worker", scheduler, CONCURRENCY, QUEUE_SIZE]);
                command
            }
        };
        start(stack, &mut command, behind)
    }

    /// The double answers with what a client can read.
    fn library(&self, behind: Behind) -> &Path {
        match behind {
            Behind::Nobody => &self.double,
            Behind::Services => &self.simulator,
        }
    }
}

fn released(stack: &Stack) -> Command {
    let mut command = Command::new(stack.venv().python());
    command.arg("-B").arg(python_scripts().join("released_symphony.py"));
    command
}

fn start(stack: &Stack, command: &mut Command, behind: Behind) -> Result<Process> {
    match behind {
        Behind::Nobody => {
            command.envs([("SOAM_DOUBLE_NOOP", "1"), ("SOAM_DOUBLE_ANSWER", ANSWER), ("SOAMAPI_STUB_ANSWER", NONE)]);
        }
        Behind::Services => {
            command.env("SCALER_SOAM_SIM_DIR", stack.folder().join("symphony"));
            command.env("SCALER_SOAM_SIM_PYTHON", stack.venv().python());
        }
    }
    stack.process("manager", command)
}
