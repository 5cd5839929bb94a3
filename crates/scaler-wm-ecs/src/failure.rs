//! What ECS means by its errors, where one code stands for many things.

use aws_sdk_ecs::types::Failure;
use scaler_wm_aws::rest_where_alone;
use scaler_wm_core::{Error, ErrorKind};

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
        "ConflictException" => Some(ErrorKind::Conflict),
        _ => None,
    }
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
    rest_where_alone(Error::new(kind, "start tasks", reason), is_only_tier)
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
        assert_eq!(sole[0].retry_after(), Some(std::time::Duration::from_secs(30)));
    }

    #[test]
    fn what_is_not_there_is_told_from_what_is_wrong() {
        for (code, message, kind) in [
            ("InvalidParameterException", "The referenced task was not found.", Some(ErrorKind::NotFound)),
            ("ClientException", "Unable to describe task definition.", Some(ErrorKind::NotFound)),
            ("InvalidParameterException", "No subnets", None),
            ("ConflictException", "", Some(ErrorKind::Conflict)),
        ] {
            assert_eq!(refine(code, message), kind, "{message}");
        }
    }
}
