//! Failures, as they travel: a status with its kind beside it for a whole call, a message for each part of one.

use std::{error::Error as _, time::Duration};

#[cfg(feature = "server")]
use scaler_wm_core::Chain;
use scaler_wm_core::{Error, ErrorKind};
use tonic::{Code, Status, metadata::MetadataMap};

use crate::v1::{Failure, FailureKind};

/// The trailing metadata that says what kind of failure it is: a word of [`ErrorKind::code`].
pub const ERROR_KIND: &str = "scaler-wm-error-kind";
/// The trailing metadata that says how long to wait, in milliseconds.
pub const RETRY_AFTER: &str = "scaler-wm-retry-after-ms";

/// What a status means to a manager. `hide` takes out of a text what must not be shown.
pub(crate) fn error_of(status: &Status, operation: &'static str, hide: impl Fn(&str) -> String) -> Error {
    let mut parts = vec![status.message().to_owned()];
    // Whoever could not be reached says so further down, and again at each step of the way.
    let mut source = status.source();
    while let Some(error) = source {
        let words = error.to_string();
        if !parts.contains(&words) {
            parts.push(words);
        }
        source = error.source();
    }
    // The latter says nothing.
    parts.retain(|part| !part.is_empty() && part != "transport error");
    let context = hide(&parts.join(": "));
    let error = Error::new(kind_of(status), operation, context);
    match text(status.metadata(), RETRY_AFTER).and_then(|text| text.parse().ok()) {
        Some(millis) => error.with_retry_after(Duration::from_millis(millis)),
        None => error,
    }
}

fn kind_of(status: &Status) -> ErrorKind {
    let said = text(status.metadata(), ERROR_KIND);
    if let Some(kind) = said.and_then(|word| ErrorKind::ALL.into_iter().find(|kind| kind.code() == word)) {
        return kind;
    }
    match status.code() {
        Code::NotFound => ErrorKind::NotFound,
        Code::AlreadyExists => ErrorKind::Conflict,
        Code::PermissionDenied | Code::Unauthenticated => ErrorKind::Denied,
        Code::InvalidArgument | Code::OutOfRange | Code::Unimplemented => ErrorKind::Invalid,
        Code::ResourceExhausted => ErrorKind::Throttled,
        Code::FailedPrecondition => ErrorKind::Failed,
        _ => ErrorKind::Transient,
    }
}

fn text<'a>(metadata: &'a MetadataMap, key: &str) -> Option<&'a str> {
    metadata.get(key).and_then(|value| value.to_str().ok())
}

/// The status that means `error`.
#[cfg(feature = "server")]
pub(crate) fn status_of(error: &Error) -> Status {
    let code = match error.kind() {
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Conflict => Code::AlreadyExists,
        ErrorKind::Denied => Code::PermissionDenied,
        ErrorKind::Invalid => Code::InvalidArgument,
        ErrorKind::Throttled | ErrorKind::Quota | ErrorKind::NoCapacity => Code::ResourceExhausted,
        ErrorKind::Expired | ErrorKind::Failed => Code::FailedPrecondition,
        ErrorKind::Transient => Code::Unavailable,
    };
    let mut metadata = MetadataMap::new();
    metadata.insert(ERROR_KIND, tonic::metadata::MetadataValue::from_static(error.kind().code()));
    if let Some(wait) = error.retry_after() {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        metadata.insert(RETRY_AFTER, millis.into());
    }
    Status::with_metadata(code, words(error), metadata)
}

/// A part of a call that failed.
#[cfg(feature = "server")]
pub(crate) fn failure_of(error: &Error) -> Failure {
    let kind = match error.kind() {
        ErrorKind::Throttled => FailureKind::Throttled,
        ErrorKind::NoCapacity => FailureKind::NoCapacity,
        ErrorKind::Quota => FailureKind::Quota,
        ErrorKind::Denied => FailureKind::Denied,
        ErrorKind::Expired => FailureKind::Expired,
        ErrorKind::Invalid => FailureKind::Invalid,
        ErrorKind::Conflict => FailureKind::Conflict,
        ErrorKind::NotFound => FailureKind::NotFound,
        ErrorKind::Transient => FailureKind::Transient,
        ErrorKind::Failed => FailureKind::Failed,
    };
    let retry_after_ms = error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    Failure { kind: kind.into(), context: words(error), retry_after_ms }
}

#[cfg(feature = "server")]
fn words(error: &Error) -> String {
    Chain(error).to_string()
}

impl Failure {
    /// What it means to a manager.
    pub(crate) fn into_error(self, operation: &'static str) -> Error {
        let kind = match self.kind() {
            FailureKind::Throttled => ErrorKind::Throttled,
            FailureKind::NoCapacity => ErrorKind::NoCapacity,
            FailureKind::Quota => ErrorKind::Quota,
            FailureKind::Denied => ErrorKind::Denied,
            FailureKind::Expired => ErrorKind::Expired,
            FailureKind::Invalid => ErrorKind::Invalid,
            FailureKind::Conflict => ErrorKind::Conflict,
            FailureKind::NotFound => ErrorKind::NotFound,
            FailureKind::Failed => ErrorKind::Failed,
            FailureKind::Transient | FailureKind::Unspecified => ErrorKind::Transient,
        };
        let error = Error::new(kind, operation, self.context);
        match self.retry_after_ms {
            Some(millis) => error.with_retry_after(Duration::from_millis(millis)),
            None => error,
        }
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_way_both_ways() {
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "start units", "why").with_retry_after(Duration::from_millis(1500));
            let (whole, part) = (error_of(&status_of(&error), "x", str::to_owned), failure_of(&error).into_error("x"));
            for back in [whole, part] {
                assert_eq!((back.kind(), back.retry_after()), (kind, error.retry_after()));
                assert!(back.to_string().contains("failed to start units"), "{back}");
            }
        }
    }

    #[test]
    fn a_status_without_a_kind_is_told_by_its_code_and_uncertain_if_that_says_little() {
        for (code, kind) in [
            (Code::NotFound, ErrorKind::NotFound),
            (Code::Unimplemented, ErrorKind::Invalid),
            (Code::Unauthenticated, ErrorKind::Denied),
            (Code::ResourceExhausted, ErrorKind::Throttled),
            (Code::Unknown, ErrorKind::Transient),
            (Code::Unavailable, ErrorKind::Transient),
            (Code::DeadlineExceeded, ErrorKind::Transient),
        ] {
            assert_eq!(error_of(&Status::new(code, "why"), "x", str::to_owned).kind(), kind, "{code:?}");
        }
        let mut odd = Status::internal("why");
        odd.metadata_mut().insert(ERROR_KIND, tonic::metadata::MetadataValue::from_static("nonsense"));
        assert_eq!(error_of(&odd, "x", str::to_owned).kind(), ErrorKind::Transient);
    }
}
