//! What the proxy does to calls.

/// What goes wrong, from now on. By default: nothing.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// How much longer every call takes, in seconds.
    pub latency: f64,
    /// The share of calls that are throttled, from 0 to 1.
    pub throttled: f64,
    /// What the choice of those follows from.
    pub seed: u64,
    /// Connections are closed without an answer.
    pub is_down: bool,
    /// The same for these services only: `s3`.
    pub down: Vec<String>,
    /// Errors that are answered in the place of AWS; the first one that fits counts.
    pub errors: Vec<ApiError>,
    /// Calls of RunTask that launch nothing.
    pub refusals: Refusals,
    /// The most tasks that one call of RunTask launches; the rest fails for want of capacity.
    pub most_tasks: Option<u64>,
    /// How long a task, instance or job is not seen by whoever lists or describes it, in seconds from the answer to its launch.
    pub list_lag: f64,
    /// How long one that was stopped or terminated is told to be on its way out, in seconds from that call.
    pub stop_lag: f64,
    /// Limits that hold whoever does not keep his pace.
    pub limits: Vec<Limit>,
}

/// An error that is answered in the place of AWS.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The operations that it is for; every one if empty.
    pub operations: Vec<String>,
    /// Its code: `AccessDeniedException`.
    pub code: String,
    /// What it says.
    pub message: String,
    /// The status of HTTP.
    pub status: u16,
    /// How many calls it is for; every one if none is given.
    pub calls: Option<u32>,
}

/// Calls of RunTask that launch nothing, and answer with failures.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    /// How many calls, from now on.
    pub calls: u32,
    /// The reason that each failure gives.
    pub reason: String,
}

/// A token bucket: calls that find it empty are throttled.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The operation that it is for.
    pub operation: String,
    /// What takes a token.
    pub counts: Counts,
    /// Tokens that come back per second.
    pub rate: f64,
    /// Tokens that the bucket holds.
    pub burst: f64,
}

/// What takes a token out of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// A call.
    Calls,
    /// A task, instance or job that a call launches.
    Units,
}

impl ApiError {
    /// An error with status 400 for every call.
    pub fn new(code: &str, message: &str) -> Self {
        Self { operations: Vec::new(), code: code.to_owned(), message: message.to_owned(), status: 400, calls: None }
    }

    /// The same for this operation too; for no other that is not named likewise.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operations.push(operation.to_owned());
        self
    }

    /// The same with another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same for so many calls only.
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.calls = Some(calls);
        self
    }

    /// Whether it is for this operation, now; it is used up by that.
    pub(super) fn take(&mut self, operation: &str) -> bool {
        if !self.operations.is_empty() && self.operations.iter().all(|own| own != operation) {
            return false;
        }
        match &mut self.calls {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

impl Limit {
    /// A limit of calls of an operation.
    pub fn calls(operation: &str, rate: f64, burst: f64) -> Self {
        Self { operation: operation.to_owned(), counts: Counts::Calls, rate, burst }
    }

    /// A limit of tasks launched.
    pub fn tasks(rate: f64, burst: f64) -> Self {
        Self { operation: "RunTask".to_owned(), counts: Counts::Units, rate, burst }
    }

    /// A limit of instances launched.
    pub fn instances(rate: f64, burst: f64) -> Self {
        Self { operation: "RunInstances".to_owned(), counts: Counts::Units, rate, burst }
    }

    /// A limit of jobs submitted, the children of arrays among them.
    pub fn jobs(rate: f64, burst: f64) -> Self {
        Self { operation: "SubmitJob".to_owned(), counts: Counts::Units, rate, burst }
    }

    /// The limits of Fargate as AWS publishes them: 20 calls of RunTask per second; 20 tasks per second, 100 at once.
    pub fn fargate() -> Vec<Self> {
        vec![Self::calls("RunTask", 20.0, 20.0), Self::tasks(20.0, 100.0)]
    }
}
