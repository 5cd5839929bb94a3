//! From what AWS answers to the classes by which the loop tells failures apart.

use std::{error::Error as StdError, time::Duration};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use scaler_wm_core::{Chain, Error, ErrorKind};

/// The class of an error code that AWS answers with, and of its words where one code stands for many things.
///
/// Codes of ECS, EC2, Batch, IAM, STS and S3, from their API references.
#[must_use]
pub fn class_of(code: &str, message: &str, status: u16) -> ErrorKind {
    let words = message.to_ascii_lowercase();
    let says = |any: &[&str]| any.iter().any(|part| words.contains(part));
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "EC2ThrottledException"
        | "SlowDown"
        | "PriorRequestNotComplete" => ErrorKind::Throttled,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => ErrorKind::Expired,
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure"
        | "BlockedException"
        | "Blocked"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "NotAuthorized"
        | "OptInRequired"
        | "PendingVerification"
        | "SignatureDoesNotMatch"
        | "UnauthorizedOperation"
        | "UnrecognizedClientException" => ErrorKind::Denied,
        "InsufficientInstanceCapacity"
        | "InsufficientHostCapacity"
        | "InsufficientReservedInstanceCapacity"
        | "InsufficientCapacityOnHost"
        | "InsufficientFreeAddressesInSubnet"
        | "SpotMaxPriceTooLow"
        | "UnfulfillableCapacity" => ErrorKind::NoCapacity,
        "InstanceLimitExceeded"
        | "MaxSpotInstanceCountExceeded"
        | "VcpuLimitExceeded"
        | "LimitExceeded"
        | "LimitExceededException"
        | "ServiceQuotaExceededException" => ErrorKind::Quota,
        // What a service was told by another one that it asked on our behalf.
        _ if says(&["request limit exceeded", "requestlimitexceeded", "rate exceeded"]) => ErrorKind::Throttled,
        _ if says(&["capacity is unavailable", "insufficient capacity"]) => ErrorKind::NoCapacity,
        _ if says(&["you've reached the limit", "reached the limit on", "capacity limit exceeded"]) => ErrorKind::Quota,
        // A role that was made a moment ago is not known everywhere yet.
        _ if says(&["unable to assume the", "role is not valid"]) => ErrorKind::Failed,
        "NoSuchEntity" | "NoSuchEntityException" | "NoSuchKey" | "NoSuchBucket" | "ResourceNotFoundException" => {
            ErrorKind::NotFound
        }
        _ if code.ends_with("NotFoundException") || code.ends_with(".NotFound") => ErrorKind::NotFound,
        "ServerException"
        | "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "Unavailable" => ErrorKind::Transient,
        _ if status == 429 => ErrorKind::Throttled,
        _ if status >= 500 => ErrorKind::Transient,
        _ => ErrorKind::Invalid,
    }
}

/// How long a launch waits for capacity where there is no other tier to try.
const NO_CAPACITY_RESTS: Duration = Duration::from_secs(30);

/// Capacity comes and goes; where no other tier can take over meanwhile, it is asked for again sooner.
#[must_use]
pub fn rest_where_alone(error: Error, is_only_tier: bool) -> Error {
    if is_only_tier && error.kind() == ErrorKind::NoCapacity {
        error.with_retry_after(NO_CAPACITY_RESTS)
    } else {
        error
    }
}

/// A failed call as one of our errors. `operation` completes "failed to …"; `refine` may tell the class better than
/// [`class_of`] does, from code and message.
pub fn failure<E>(
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
    refine: fn(&str, &str) -> Option<ErrorKind>,
) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("an error without a code");
            let message = answer.err().message().unwrap_or_default();
            let status = answer.raw().status().as_u16();
            let kind = refine(code, message).unwrap_or_else(|| class_of(code, message, status));
            Error::new(kind, operation, said(code, message))
        }
        other => match missing_credentials(other) {
            Some((kind, advice)) => Error::new(kind, operation, advice),
            None if matches!(other, SdkError::ConstructionFailure(_)) => {
                Error::new(ErrorKind::Invalid, operation, Chain(other).to_string())
            }
            // Whether it was carried out is not known: it may have been sent.
            None => Error::new(ErrorKind::Transient, operation, Chain(other).to_string()),
        },
    }
}

/// Code and message, of which the first line says it all: behind it, where a signature is refused, AWS shows the request that
/// it has signed itself, with the session token that we sent.
fn said(code: &str, message: &str) -> String {
    let message = message.trim_start().lines().next().unwrap_or_default().trim_end();
    if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") }
}

/// What became of the search for credentials, where that is what failed: its class, and what to do.
pub(crate) fn missing_credentials(error: &(dyn StdError + 'static)) -> Option<(ErrorKind, String)> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let Some(failed) = error.downcast_ref::<CredentialsError>() else {
            cause = error.source();
            continue;
        };
        let why = Chain(failed);
        return Some(match failed {
            CredentialsError::CredentialsNotLoaded(_) => (
                ErrorKind::Denied,
                format!(
                    "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile that \
                     is there with --aws-profile or AWS_PROFILE, or run this where a role is attached ({why})"
                ),
            ),
            CredentialsError::InvalidConfiguration(_) => (
                ErrorKind::Denied,
                format!("the AWS configuration cannot be used; mend it, or name another profile: {why}"),
            ),
            // A service of theirs did not answer, say; that of a container or an instance starts later than we do.
            _ => (ErrorKind::Expired, format!("AWS credentials could not be loaded: {why}")),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_signature_does_not_show_what_was_sent() {
        let message = "The request signature we calculated does not match.\n\nThe Canonical String for this request should \
                       have been\n'POST\n/\n\nx-amz-security-token:hush\n'";
        let told = said("SignatureDoesNotMatch", message);
        assert_eq!(told, "SignatureDoesNotMatch: The request signature we calculated does not match.");
        assert_eq!((said("Denied", "\n"), said("Denied", " no\r\n")), ("Denied".to_owned(), "Denied: no".to_owned()));
    }

    #[test]
    fn every_class_is_told() {
        for (code, message, status, kind) in [
            ("ThrottlingException", "Rate exceeded", 400, ErrorKind::Throttled),
            ("WhoKnows", "", 429, ErrorKind::Throttled),
            (
                "InsufficientInstanceCapacity",
                "We currently do not have sufficient capacity",
                500,
                ErrorKind::NoCapacity,
            ),
            (
                "ClientException",
                "Capacity is unavailable at this time. Please try again later",
                400,
                ErrorKind::NoCapacity,
            ),
            ("ClientException", "You've reached the limit on the number of vCPUs", 400, ErrorKind::Quota),
            ("VcpuLimitExceeded", "", 400, ErrorKind::Quota),
            (
                "InvalidParameterException",
                "Error: Request limit exceeded. (ErrorCode: RequestLimitExceeded)",
                400,
                ErrorKind::Throttled,
            ),
            ("ClientException", "Tasks provisioning capacity limit exceeded.", 400, ErrorKind::Quota),
            ("InvalidParameterException", "Unable to assume the service linked role.", 400, ErrorKind::Failed),
            ("AccessDeniedException", "User: x is not authorized to perform: ecs:RunTask", 400, ErrorKind::Denied),
            ("UnauthorizedOperation", "", 403, ErrorKind::Denied),
            ("ExpiredTokenException", "The security token included in the request is expired", 400, ErrorKind::Expired),
            ("InvalidParameterException", "No subnets", 400, ErrorKind::Invalid),
            ("ClusterNotFoundException", "Cluster not found.", 400, ErrorKind::NotFound),
            ("InvalidInstanceID.NotFound", "", 400, ErrorKind::NotFound),
            ("NoSuchEntity", "", 404, ErrorKind::NotFound),
            ("ServerException", "", 500, ErrorKind::Transient),
            ("WhoKnows", "", 503, ErrorKind::Transient),
        ] {
            assert_eq!(class_of(code, message, status), kind, "{code} {message}");
        }
    }
}
