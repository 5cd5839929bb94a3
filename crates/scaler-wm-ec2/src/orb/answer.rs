//! An answer of the server, and what is wrong when it is not the one that was asked for.

use std::time::Duration;

use scaler_wm_core::{Error, ErrorKind};
use serde_json::Value;

/// How much of a message is told.
const LONGEST_MESSAGE: usize = 300;

/// Status and body of an answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// The body as JSON; a text that is none, as a text.
    pub(super) value: Value,
}

impl Answer {
    pub(super) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// What the server says about it.
    pub(super) fn message(&self) -> String {
        let said = [&self.value["error"]["message"], &self.value["detail"], &self.value["message"], &self.value];
        let text = said.into_iter().find_map(Value::as_str).unwrap_or_default();
        let line: Vec<&str> = text.split_whitespace().collect();
        line.join(" ").chars().take(LONGEST_MESSAGE).collect()
    }

    /// What kind of failure it is, and what to do.
    pub(super) fn class(&self) -> (ErrorKind, &'static str) {
        let said = self.message();
        match self.status {
            401 => (
                ErrorKind::Denied,
                "it does not accept the token (--orb-token): give one that it has signed itself and that has not expired",
            ),
            403 => (
                ErrorKind::Denied,
                "the token does not allow this: give one with the role `operator`; a server without authentication lets \
                 nobody do more than look, so turn it on there",
            ),
            404 => (ErrorKind::NotFound, "not there"),
            429 => (ErrorKind::Throttled, "asked too often"),
            400 if said.to_ascii_lowercase().contains("host") => {
                (ErrorKind::Invalid, "add the host of its address to `server.trusted_hosts` in its configuration")
            }
            300..=399 => (ErrorKind::Invalid, "it sends us elsewhere; give the address that it names"),
            400..=499 => (ErrorKind::Invalid, "it does not take the request"),
            502..=504 => (ErrorKind::Transient, "it, or what stands before it, does not work now"),
            _ => (class_of(&said), "its log says more"),
        }
    }

    /// The error that it is.
    pub(super) fn into_error(self, purpose: &'static str, url: &str) -> Error {
        let ((kind, advice), said) = (self.class(), self.message());
        let context = format!("{url} answered {} {said:?}: {advice}", self.status);
        let error = Error::new(kind, purpose, context);
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }
}

/// Some failures come as a 500 whose words alone tell what they are; often they say nothing. Of whatever was asked for, it
/// was not done here and now.
pub(super) fn class_of(message: &str) -> ErrorKind {
    let words = message.to_ascii_lowercase();
    if words.contains("not found") {
        ErrorKind::NotFound
    } else if words.contains("validation error") || words.contains("invalid request id") {
        ErrorKind::Invalid
    } else {
        ErrorKind::Failed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(status: u16, value: Value) -> Error {
        Answer { status, retry_after: Some(Duration::from_secs(7)), value }.into_error("look", "http://orb")
    }

    #[test]
    fn every_class_is_told_with_advice() {
        let unexpected = json!({"success": false, "error": {"message": "An unexpected error occurred"}});
        for (status, value, kind, words) in [
            (401, json!({"detail": "Invalid credentials"}), ErrorKind::Denied, "--orb-token"),
            (
                403,
                json!({"detail": "Insufficient permissions. Required role: operator."}),
                ErrorKind::Denied,
                "`operator`",
            ),
            (404, json!({"detail": "Machine i-1 not found"}), ErrorKind::NotFound, "Machine i-1 not found"),
            (429, json!({"error": {"message": "Too many requests."}}), ErrorKind::Throttled, "Too many"),
            (400, json!("Invalid host header"), ErrorKind::Invalid, "trusted_hosts"),
            (307, json!(""), ErrorKind::Invalid, "elsewhere"),
            (422, json!({"detail": [{"loc": ["body"]}]}), ErrorKind::Invalid, "request"),
            (500, unexpected, ErrorKind::Failed, "its log"),
            (
                500,
                json!({"error": {"message": "Template with ID 'x' not found"}}),
                ErrorKind::NotFound,
                "'x' not found",
            ),
            (500, json!({"detail": "1 validation error for RequestId"}), ErrorKind::Invalid, "RequestId"),
            (503, json!("<html>\n busy </html>"), ErrorKind::Transient, "<html> busy </html>"),
        ] {
            let error = error(status, value);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        }
    }
}
