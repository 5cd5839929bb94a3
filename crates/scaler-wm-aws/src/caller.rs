//! Makes calls: at the pace, repeated, counted, and with failures in our classes.

use std::{error::Error as StdError, time::Duration};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use scaler_wm_core::{Backoff, BackoffSettings, Chain, ErrorKind, Result};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::{Calls, Pace, failure};

/// Tries of a call that is throttled, the first one included.
const TRIES: u32 = 6;
/// How the wait between two tries grows.
const BETWEEN_TRIES: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(200), longest: Duration::from_secs(5) };
/// How the wait grows between two tries of what has to work before anything else can.
const BETWEEN_PATIENT_TRIES: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(500), longest: Duration::from_secs(15) };

/// What is called, at which pace, and how often at most.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its name in the API, such as `RunTask`.
    pub operation: &'static str,
    /// What it is for; completes "failed to …".
    pub purpose: &'static str,
    /// The buckets that it takes from, and how many tokens; all of them slow down when it is throttled.
    pub paces: &'a [(&'a Pace, f64)],
    /// When it is tried again.
    pub tries: Tries,
    /// Tells the class of a failure from code and message, where that is better known than by [`crate::class_of`].
    pub refine: fn(&str, &str) -> Option<ErrorKind>,
}

/// When a call is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// When it was throttled: nothing was done.
    Throttled,
    /// When nobody knows what came of it, too: for calls that change nothing.
    Lost,
}

/// Makes calls.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    calls: Calls,
}

impl Caller {
    /// One that counts into `calls`.
    #[must_use]
    pub const fn new(calls: Calls) -> Self {
        Self { calls }
    }

    /// The counts.
    #[must_use]
    pub const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Calls `send` at the pace, several times if need be.
    ///
    /// # Errors
    /// When the last try failed.
    pub async fn call<T, E, F>(&self, request: Request<'_>, mut send: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let mut backoff = Backoff::new(BETWEEN_TRIES, fastrand::u64(..));
        loop {
            for (pace, tokens) in request.paces {
                pace.take(*tokens).await;
            }
            let began = Instant::now();
            let answer = send().await;
            let took = began.elapsed();
            let error = match answer {
                Ok(answer) => {
                    self.calls.note(request.operation, took, None);
                    return Ok(answer);
                }
                Err(error) => failure(request.purpose, &error, request.refine),
            };
            self.calls.note(request.operation, took, Some(error.kind()));
            if error.kind() == ErrorKind::Throttled {
                request.paces.iter().for_each(|(pace, _)| pace.slow_down());
            }
            let is_tried_again = match error.kind() {
                ErrorKind::Throttled => true,
                ErrorKind::Transient => request.tries == Tries::Lost,
                _ => false,
            };
            let wait = backoff.failed();
            if !is_tried_again || backoff.failures() >= TRIES {
                return Err(error);
            }
            debug!(operation = request.operation, error = %Chain(&error), wait_seconds = wait.as_secs_f64(), "calling again");
            sleep(wait).await;
        }
    }

    /// Does what has to work before anything else can, until it does; each cause is told once.
    ///
    /// # Errors
    /// When no further try can help.
    pub async fn patiently<T, F>(mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut backoff = Backoff::new(BETWEEN_PATIENT_TRIES, fastrand::u64(..));
        let mut told = None;
        loop {
            let error = match attempt().await {
                Err(error) if error.kind().is_retryable() => error,
                done => return done,
            };
            let wait = backoff.failed().max(error.retry_after().unwrap_or_default());
            let (cause, wait_seconds) = ((error.operation(), error.kind()), wait.as_secs_f64());
            if told.replace(cause) == Some(cause) {
                debug!(error = %Chain(&error), wait_seconds, "will try again");
            } else {
                warn!(error = %Chain(&error), wait_seconds, "will try again");
            }
            sleep(wait).await;
        }
    }
}
