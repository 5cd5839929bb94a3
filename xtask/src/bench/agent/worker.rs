//! Either worker, with an executor that takes no time.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use scaler_wm_tests::{Process, Result, Stack, python_scripts};

/// Tasks that a worker has under way at a time.
pub(super) const CONCURRENCY: u32 = 100;
/// More than it is ever given.
const QUEUE_SIZE: u32 = 20_000;

/// Which worker.
#[derive(Debug)]
pub(super) enum Worker {
    /// The example of ours that is there.
    Ours(PathBuf),
    /// The released proxy.
    Released,
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours(_) => "ours",
            Self::Released => "released",
        })
    }
}

impl Worker {
    /// Starts it at a scheduler. Its tasks run until the file `hold` is there, if one is named.
    pub(super) fn start(&self, stack: &Stack, scheduler: &str, hold: Option<&Path>) -> Result<Process> {
        let mut command = match self {
            Self::Ours(program) => Command::new(program),
            Self::Released => {
                let mut command = Command::new(stack.venv().python());
                command.arg(python_scripts().join("instant_proxy.py"));
                command
            }
        };
        command.arg(scheduler).args([CONCURRENCY, QUEUE_SIZE].map(|number| number.to_string())).args(hold);
        stack.process("worker", &mut command)
    }
}
