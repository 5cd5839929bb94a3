//! What the looks at an account share that are made before anything is started in it.

use std::{error::Error as StdError, time::Duration};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use scaler_wm_core::{Chain, Check, Error, ErrorKind, Result};
use tokio::time::timeout;

use crate::{Caller, Request, Tries, failure::missing_credentials, settings::end_of};

/// How long a question may take, with its repetitions.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const CREDENTIALS: &str = "credentials";
/// Codes that say that AWS does not know the keys themselves.
const UNKNOWN_KEYS: [&str; 10] = [
    "AuthFailure",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Asks questions that change nothing, each within some seconds.
#[derive(Clone, Debug, Default)]
pub struct Look {
    caller: Caller,
}

impl Look {
    /// What makes the calls, for questions that are asked elsewhere.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The answer to a question; it is asked again when it was throttled or lost. `purpose` completes "failed to …".
    ///
    /// # Errors
    /// As [`Caller::call`], and when there is no answer in time.
    pub async fn ask<T, E, F>(
        &self,
        operation: &'static str,
        purpose: &'static str,
        refine: fn(&str, &str) -> Option<ErrorKind>,
        send: impl FnMut() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let request = Request { operation, purpose, paces: &[], tries: Tries::Lost, refine };
        self.within(purpose, self.caller.call(request, send)).await
    }

    /// What comes of `asked`, if it comes in time.
    ///
    /// # Errors
    /// Its own, and when there is no answer in time.
    pub async fn within<T>(&self, purpose: &'static str, asked: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(ANSWER_WITHIN, asked).await.unwrap_or_else(|_| {
            let context = format!("no answer within {} s", ANSWER_WITHIN.as_secs());
            Err(Error::new(ErrorKind::Transient, purpose, context))
        })
    }
}

/// The credentials that were found: of a key its last letters are told, and of a secret nothing.
///
/// # Errors
/// Why there are none; nothing else can be asked then.
pub async fn credentials(sdk: &SdkConfig) -> Result<Check, Check> {
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    let Some(provider) = sdk.credentials_provider() else {
        return Err(Check::bad(CREDENTIALS, "there are none", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
    };
    match timeout(ANSWER_WITHIN, provider.provide_credentials()).await {
        Ok(Ok(found)) => {
            let end = end_of(found.access_key_id());
            Ok(Check::good(CREDENTIALS, format!("an access key that ends in {end}, for {region}")))
        }
        Ok(Err(error)) => {
            let why = missing_credentials(&error).map_or_else(|| Chain(&error).to_string(), |(_, why)| why);
            // What else was looked for is a list of lines, and says no more than that.
            let why = match why.split_once(" (") {
                Some((advice, reasons)) if reasons.contains('\n') => advice.to_owned(),
                _ => why,
            };
            let (found, todo) = why.split_once(": ").unwrap_or((&why, "give others by --aws-profile or AWS_PROFILE"));
            Err(Check::bad(CREDENTIALS, found, todo))
        }
        Err(_) => {
            let found = format!("they were not found within {} s", ANSWER_WITHIN.as_secs());
            Err(Check::bad(CREDENTIALS, found, "see whether the service that gives them answers"))
        }
    }
}

/// Whether the first question reached the account; if not, no further one does.
///
/// # Errors
/// What is wrong: with the keys, or with the way there.
pub fn reached<T>(first: &Result<T>) -> Result<(), Check> {
    let Err(error) = first else { return Ok(()) };
    let found = Chain(error).to_string();
    let is_of_keys = error.kind() == ErrorKind::Expired || UNKNOWN_KEYS.iter().any(|code| found.contains(code));
    match error.kind() {
        _ if is_of_keys => {
            let todo =
                "AWS does not take them: give others by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --aws-profile";
            Err(Check::bad("account", found, todo))
        }
        ErrorKind::Transient => {
            let todo = "check the way to AWS from this host, --aws-region, and AWS_ENDPOINT_URL if it is set";
            Err(Check::bad("account", found, todo))
        }
        _ => Ok(()),
    }
}

/// What AWS itself has said, without what was said around it.
fn innermost(error: &Error) -> String {
    let mut cause: &(dyn StdError + 'static) = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A question that failed. `permission` is what AWS must allow for it, and `todo` says how to name something else.
#[must_use]
pub fn trouble(name: &str, permission: &str, error: &Error, todo: &str) -> Check {
    let found = innermost(error);
    match error.kind() {
        ErrorKind::Denied => Check::bad(name, found, format!("allow {permission} to these credentials")),
        ErrorKind::Throttled => Check::skipped(name, format!("AWS is asked too often now: {found}")),
        ErrorKind::Transient => Check::bad(name, found, "try again; if it stays so, check the way to AWS"),
        _ => Check::bad(name, found, todo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_ways_and_permissions_are_told_apart() {
        let error = |kind, context: &str| Err::<(), _>(Error::new(kind, "look", context));
        assert!(reached(&Ok(())).is_ok());
        assert!(reached(&error(ErrorKind::Denied, "AccessDenied: not authorized to perform ecs:X")).is_ok());
        let keys = reached(&error(ErrorKind::Denied, "UnrecognizedClientException: invalid")).unwrap_err();
        assert!(keys.to_string().contains("--aws-profile"), "{keys}");
        let way = reached(&error(ErrorKind::Transient, "dispatch failure")).unwrap_err();
        assert!(way.to_string().contains("--aws-region"), "{way}");
        let denied = Error::new(ErrorKind::Denied, "look", "AccessDenied: no");
        assert!(trouble("queue", "batch:DescribeJobQueues", &denied, "").to_string().contains("allow batch:Describe"));
    }
}
