//! The services of an account, and calls to them.

use std::error::Error as StdError;

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use scaler_wm_aws::{AwsSettings, Caller, Pace, Rate, Request, Tries};
use scaler_wm_core::{Error, ErrorKind, Result};

use super::failure::refine;

/// Calls of all services together: far below what any of them allows.
const RATE: Rate = Rate { burst: 40.0, per_second: 10.0 };

/// The clients of the services.
#[derive(Clone, Debug)]
pub struct Services {
    /// Compute environments, queues, job definitions.
    pub batch: aws_sdk_batch::Client,
    /// Where subnets are.
    pub ec2: aws_sdk_ec2::Client,
    /// Images.
    pub ecr: aws_sdk_ecr::Client,
    /// Roles.
    pub iam: aws_sdk_iam::Client,
    /// Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// The bucket.
    pub s3: aws_sdk_s3::Client,
    /// Whose account it is.
    pub sts: aws_sdk_sts::Client,
}

impl Services {
    /// Those of a region, with credentials and endpoints as the SDK finds them. Nothing is called yet.
    pub async fn of_region(region: &str) -> Self {
        let config = AwsSettings::new(region).load().await;
        Self {
            batch: aws_sdk_batch::Client::new(&config),
            ec2: aws_sdk_ec2::Client::new(&config),
            ecr: aws_sdk_ecr::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            s3: aws_sdk_s3::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        }
    }
}

/// The account that credentials lead to.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) services: Services,
    /// Its number.
    pub(super) id: String,
    /// `aws`, or the name of AWS in China, say.
    pub(super) partition: String,
    caller: Caller,
    pace: Pace,
}

impl Account {
    /// Asks whose credentials these are.
    pub(super) async fn open(services: Services) -> Result<Self> {
        let mut account = Self {
            services,
            id: String::new(),
            partition: String::new(),
            caller: Caller::default(),
            pace: Pace::new(RATE),
        };
        let purpose = "ask AWS whose credentials these are";
        let call = account.services.sts.get_caller_identity();
        // The first call: whether anybody answers is not known yet, and people are to hear of it at once.
        let answer = account.once("GetCallerIdentity", purpose, || call.clone().send()).await?;
        let nameless = || Error::new(ErrorKind::Transient, purpose, "the answer names no account");
        let partition = answer.arn().and_then(|arn| arn.split(':').nth(1)).map(str::to_owned);
        account.partition = partition.ok_or_else(nameless)?;
        account.id = answer.account.ok_or_else(nameless)?;
        Ok(account)
    }

    /// A call that may be made twice: one whose answer is lost is made again.
    pub(super) async fn call<T, E, F>(
        &self,
        operation: &'static str,
        purpose: &'static str,
        send: impl FnMut() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let paces = [(&self.pace, 1.0)];
        let request = Request { operation, purpose, paces: &paces, tries: Tries::Lost, refine };
        self.caller.call(request, send).await
    }

    /// A call that is made once, but when it is throttled.
    pub(super) async fn once<T, E, F>(
        &self,
        operation: &'static str,
        purpose: &'static str,
        send: impl FnMut() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let paces = [(&self.pace, 1.0)];
        let request = Request { operation, purpose, paces: &paces, tries: Tries::Throttled, refine };
        self.caller.call(request, send).await
    }
}

/// What a question found; nothing where what was asked about is not there.
pub(super) fn found<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a call made; nothing where it was there already: another process was quicker, or an answer got lost.
pub(super) fn made<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(None),
        Err(error) => Err(error),
    }
}

/// An answer that lacks what it is asked for.
pub(super) fn lacking(purpose: &'static str, what: &str) -> Error {
    Error::new(ErrorKind::Transient, purpose, format!("the answer does not tell {what}"))
}

/// A request that the SDK refuses to build, since a value is missing; its own words name it.
pub(super) fn incomplete<E: StdError + Send + Sync + 'static>(purpose: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::new(ErrorKind::Invalid, purpose, "the request is not complete").with_source(error)
}
