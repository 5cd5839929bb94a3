//! One call as the proxy saw it.

use std::fmt;

use serde_json::{Value, json};

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The emulator answered.
    Forwarded,
    /// Its client token had been answered before.
    Remembered,
    /// The proxy answered in the place of AWS: an error, or a refusal.
    Answered,
    /// It was answered, and the connection was closed before the answer was given.
    Unheard,
    /// The connection was closed without an answer.
    Dropped,
}

/// One call.
#[derive(Clone, Debug)]
pub struct ApiCall {
    /// `ecs`, `ec2`, `iam`, `batch`, `s3`, `logs`.
    pub service: String,
    /// Whose key it was signed with.
    pub access_key: String,
    /// The operation's name.
    pub operation: String,
    /// When it came, in seconds since the epoch.
    pub began: f64,
    /// How long its answer took, in seconds.
    pub took: f64,
    /// The status of HTTP; 0 when there was no answer. One that nobody heard counts.
    pub status: u16,
    /// The code of an error.
    pub code: Option<String>,
    /// The body of a request: JSON, or the fields of a form by name; of S3, bucket, key, size, and the number of keys.
    pub body: Value,
    /// The tasks, instances or jobs that an answer to a launch names.
    pub units: Vec<String>,
    /// How many others of the same operation were under way when it came.
    pub in_flight: usize,
    /// What became of it.
    pub outcome: Outcome,
}

impl ApiCall {
    /// All of it, for a file.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "service": self.service,
            "access_key": self.access_key,
            "operation": self.operation,
            "began": self.began,
            "took": self.took,
            "status": self.status,
            "code": self.code,
            "body": self.body,
            "units": self.units,
            "in_flight": self.in_flight,
            "outcome": format!("{:?}", self.outcome),
        })
    }
}

/// A line for people.
impl fmt::Display for ApiCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { began, operation, status, took, in_flight, outcome, .. } = self;
        write!(f, "{began:.3} {operation} {status} {outcome:?} in {took:.3} s beside {in_flight}")?;
        if let Some(count) = self.body["count"].as_u64() {
            write!(f, ", {} of {count} tasks", self.units.len())?;
        }
        if let Some(count) = self.body["MaxCount"].as_str() {
            write!(f, ", {} of {count} instances", self.units.len())?;
        }
        if self.operation == "SubmitJob" {
            write!(f, ", {}", self.units.join(" "))?;
        }
        for name in ["task", "InstanceId.1", "jobId", "key"] {
            if let Some(unit) = self.body[name].as_str() {
                write!(f, ", {unit}")?;
            }
        }
        self.code.as_ref().map_or(Ok(()), |code| write!(f, ", {code}"))
    }
}
