//! The one error of the harness.

use std::fmt;

/// The harness's result.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why a step of a test, the demo or a benchmark did not work: the operation, what was wrong, and, where a stack is
/// involved, the ends of its logs.
pub struct Failure {
    operation: String,
    detail: String,
    context: String,
}

impl Failure {
    /// `operation` completes the sentence "failed to …"; `detail` says what was seen instead.
    pub fn new(operation: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { operation: operation.into(), detail: detail.to_string(), context: String::new() }
    }

    /// The same failure with text that helps to explain it (the ends of logs), printed below it.
    pub fn with_context(mut self, context: impl AsRef<str>) -> Self {
        self.context.push('\n');
        self.context.push_str(context.as_ref());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}: {}{}", self.operation, self.detail, self.context)
    }
}

// A test that returns an error prints it with Debug: the readable form is the one to print.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}
