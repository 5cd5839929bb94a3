//! What a task in memory does: its function says so in words.

use std::time::Duration;

use bytes::Bytes;
use scaler_wm_core::{Inputs, Submission, TaskId, TaskOutcome};

/// What a task does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Returns these bytes.
    Returns(Bytes),
    /// Raises an exception with this text.
    Raises(String),
    /// Returns these bytes after a while.
    Takes(Duration, Bytes),
}

impl Work {
    /// The inputs of a task of this work, in memory.
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        let (function, argument) = match self {
            Self::Returns(bytes) => ("returns 0".to_owned(), bytes.clone()),
            Self::Raises(text) => ("raises 0".to_owned(), Bytes::copy_from_slice(text.as_bytes())),
            Self::Takes(time, bytes) => (format!("returns {}", time.as_millis()), bytes.clone()),
        };
        Inputs {
            serializer: Bytes::from_static(b"serializer"),
            function: Bytes::from(function),
            arguments: vec![argument],
        }
    }

    /// A task of this work, in memory.
    #[must_use]
    pub fn submission(&self, task: TaskId) -> Submission {
        Submission { task, client: Bytes::from_static(b"Client|memory"), inputs: self.inputs() }
    }
}

/// An exception as tasks in memory raise it.
#[must_use]
pub fn raised(text: &str) -> Bytes {
    Bytes::from(format!("exception: {text}"))
}

/// How long a task takes, and what comes of it.
pub(super) fn read(inputs: &Inputs) -> (Duration, TaskOutcome) {
    let words = String::from_utf8_lossy(&inputs.function).into_owned();
    let (kind, time) = words.split_once(' ').unwrap_or((&words, "0"));
    let argument = inputs.arguments.first().cloned().unwrap_or_default();
    let outcome = match kind {
        "raises" => TaskOutcome::Raised(raised(&String::from_utf8_lossy(&argument))),
        _ => TaskOutcome::Returned(argument),
    };
    (Duration::from_millis(time.parse().unwrap_or(0)), outcome)
}
