//! Tasks whose arguments and results are plain bytes: for suites that look at executors by themselves.

use std::process::Command;

use bytes::Bytes;
use scaler_wm_conformance::Work;
use scaler_wm_core::{Inputs, Submission, TaskId};

use crate::{Failure, Result, Venv, python_scripts};

/// A serializer that leaves bytes alone, and a function that returns or raises what it is told.
#[derive(Clone, Debug)]
pub struct RawTask {
    serializer: Bytes,
    function: Bytes,
}

impl RawTask {
    /// Lets the Python of `venv` make them.
    ///
    /// # Errors
    /// When it cannot.
    pub fn new(venv: &Venv) -> Result<Self> {
        let failed = |error: std::io::Error| Failure::new("make a function for tasks", error);
        let made = Command::new(venv.python()).arg(python_scripts().join("raw_task.py")).output().map_err(failed)?;
        let text = String::from_utf8_lossy(&made.stdout).into_owned();
        let mut lines = text.lines().map(unhex);
        let mut next = || lines.next().ok_or_else(|| Failure::new("make a function for tasks", format!("{made:?}")));
        Ok(Self { serializer: next()?, function: next()? })
    }

    /// A task of this work; what it raises is a `ValueError`.
    pub fn submission(&self, task: TaskId, work: &Work) -> Submission {
        let (kind, seconds, data) = match work {
            Work::Returns(bytes) => ("returns", 0.0, bytes.clone()),
            Work::Raises(text) => ("raises", 0.0, Bytes::from(text.clone())),
            Work::Takes(time, bytes) => ("returns", time.as_secs_f64(), bytes.clone()),
        };
        let arguments = vec![Bytes::from(kind), Bytes::from(seconds.to_string()), data];
        let inputs = Inputs { serializer: self.serializer.clone(), function: self.function.clone(), arguments };
        Submission { task, client: Bytes::from_static(b"Client|suite"), inputs }
    }

    /// Whether these bytes are the exception that it raises with this text.
    pub fn is_raised(answer: &[u8], text: &str) -> bool {
        let has = |part: &str| answer.windows(part.len()).any(|window| window == part.as_bytes());
        has("ValueError") && has(text)
    }
}

fn unhex(line: &str) -> Bytes {
    let digits = line.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}
