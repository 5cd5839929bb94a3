//! What ECS means by its errors, where one code stands for many things.

use aws_sdk_ecs::types::Failure;
use scaler_wm_core::{Error, ErrorKind};

/// How long a launch waits where there is no other tier to try.
const NO_CAPACITY_RESTS: std::time::Duration = std::time::Duration::from_secs(30);

const CONFLICT: &str = "ConflictException";

/// The class of an error of ECS, where code and message tell it better than the code alone.
pub(crate) fn refine(code: &str, message: &str) -> Option<ErrorKind> {
    let words = message.to_ascii_lowercase();
    match code {
        // A task, or a family of task definitions, that is not there.
        "InvalidParameterException" | "ClientException"
            if words.contains("task was not found") || words.contains("unable to describe task definition") =>
        {
            Some(ErrorKind::NotFound)
        }
        "ClientException" if words.contains("unable to find task definition") => Some(ErrorKind::NotFound),
        // Another launch of ours is under that token: this one starts anew under its own.
        CONFLICT => Some(ErrorKind::Failed),
        _ => None,
    }
}

/// Whether a launch's token stands for another request.
pub(crate) fn is_conflict(error: &Error) -> bool {
    error.to_string().contains(CONFLICT)
}

/// Why some tasks of a call did not come; each reason once.
pub(crate) fn failed(failures: &[Failure], is_only_tier: bool) -> Vec<Error> {
    let mut reasons: Vec<&str> = failures.iter().map(|failure| failure.reason().unwrap_or("no reason given")).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons.into_iter().map(|reason| failed_for(reason, is_only_tier)).collect()
}

fn failed_for(reason: &str, is_only_tier: bool) -> Error {
    let words = reason.to_ascii_lowercase();
    let kind = if words.contains("capacity") || words.starts_with("resource:") {
        ErrorKind::NoCapacity
    } else if words.contains("limit") || words.contains("quota") {
        ErrorKind::Quota
    } else {
        ErrorKind::Failed
    };
    with_rest(Error::new(kind, "start tasks", reason), is_only_tier)
}

/// Capacity comes and goes; where no other tier can take over meanwhile, it is asked for again sooner.
pub(crate) fn with_rest(error: Error, is_only_tier: bool) -> Error {
    if is_only_tier && error.kind() == ErrorKind::NoCapacity {
        error.with_retry_after(NO_CAPACITY_RESTS)
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_once_with_their_class() {
        let failure = |reason: &str| Failure::builder().reason(reason).build();
        let failures =
            [failure("RESOURCE:FARGATE"), failure("AGENT"), failure("RESOURCE:FARGATE"), failure("vCPU limit")];
        let kinds: Vec<ErrorKind> = failed(&failures, false).iter().map(Error::kind).collect();
        assert_eq!(kinds, [ErrorKind::Failed, ErrorKind::NoCapacity, ErrorKind::Quota]);
        let sole = failed(&failures[..1], true);
        assert_eq!(sole[0].retry_after(), Some(NO_CAPACITY_RESTS));
    }

    #[test]
    fn what_is_not_there_is_told_from_what_is_wrong() {
        for (code, message, kind) in [
            ("InvalidParameterException", "The referenced task was not found.", Some(ErrorKind::NotFound)),
            ("ClientException", "Unable to describe task definition.", Some(ErrorKind::NotFound)),
            ("InvalidParameterException", "No subnets", None),
            ("ConflictException", "", Some(ErrorKind::Failed)),
        ] {
            assert_eq!(refine(code, message), kind, "{message}");
        }
    }
}
