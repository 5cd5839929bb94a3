//! How jobs are run, and by what.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::aws::containers::MISSING_IMAGE;
use crate::{Result, Venv};

/// How jobs are run.
#[derive(Clone, Debug)]
pub struct BatchOptions {
    /// Whether jobs are processes. If not, each runs at once and does nothing: there can be thousands of them.
    pub executes: bool,
    /// Whether a job that is no process has ended well at once, with `None` as its result. If not, it runs on and on.
    pub succeeds: bool,
    /// How many jobs run at once; the others are runnable until there is room.
    pub at_once: Option<u32>,
    /// How long a job is starting, in seconds.
    pub start_seconds: f64,
    /// How long a job that is to end is given to do so by itself, in seconds.
    pub stop_seconds: f64,
    /// How long a minute of a time-out takes, in seconds: AWS knows none that is shorter than one.
    pub minute_seconds: f64,
    /// Whether queue, definitions and bucket are there. If not, the account is empty.
    pub is_set_up: bool,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            executes: true,
            succeeds: true,
            at_once: None,
            start_seconds: 0.0,
            stop_seconds: 2.0,
            minute_seconds: 60.0,
            is_set_up: true,
        }
    }
}

impl BatchOptions {
    /// As the emulator reads it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "executes": self.executes,
            "succeeds": self.succeeds,
            "at_once": self.at_once,
            "start_seconds": self.start_seconds,
            "stop_seconds": self.stop_seconds,
            "minute_seconds": self.minute_seconds,
        })
    }
}

/// What runs the tasks in jobs: an image, and a definition with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// The job runner of the released package, as it is.
    Released,
    /// Ours.
    Ours,
    /// None: its image cannot be pulled.
    Missing,
    /// A shell: what it runs, a test says as the payload.
    Shell,
}

impl Runner {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Released, Self::Ours, Self::Missing, Self::Shell];

    /// The job definition with it.
    pub const fn definition(self) -> &'static str {
        match self {
            Self::Released => "scaler-job",
            Self::Ours => "scaler-job-ours",
            Self::Missing => "scaler-job-missing",
            Self::Shell => "shell",
        }
    }

    /// Its image.
    pub fn image(self) -> &'static str {
        match self {
            Self::Missing => MISSING_IMAGE,
            _ => self.definition(),
        }
    }

    /// What its image runs, with the packages of this environment.
    pub(super) fn entry_point(self, venv: &Venv) -> Result<Option<Vec<PathBuf>>> {
        let ours = "../crates/scaler-wm-batch/runner/job_runner.py";
        Ok(match self {
            Self::Released => {
                let package = venv.site_packages()?.join("scaler/worker_manager/proxy/aws_batch/remote");
                Some(vec![venv.python(), package.join("job_runner.py")])
            }
            Self::Ours => Some(vec![venv.python(), PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(ours)]),
            Self::Missing => None,
            Self::Shell => Some(vec!["sh".into(), "-c".into()]),
        })
    }
}
