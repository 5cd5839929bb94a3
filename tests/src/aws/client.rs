//! A small client of AWS's APIs, for what the harness itself asks.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::http::request::Builder;
use hyper::{Method, Request};
use serde_json::Value;
use tokio::runtime::{self, Runtime};

use super::errors::error_code;
use super::proxy::write_form;
use crate::exchange::exchange;
use crate::{Failure, Result};

/// Longer than any call takes: an emulator that stops a task waits 5 s for its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks whoever answers at a port on loopback; it waits for each answer.
#[derive(Debug)]
pub struct AwsClient {
    port: u16,
    runtime: Runtime,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The code of an error.
    pub code: Option<String>,
    /// JSON, or any other text as a string.
    pub body: Value,
}

impl AwsClient {
    /// A client for this port.
    ///
    /// # Errors
    /// When the runtime below it cannot be made.
    pub fn new(port: u16) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { port, runtime: runtime.map_err(|error| Failure::new("make a client of AWS", error))? })
    }

    /// An operation of ECS.
    ///
    /// # Errors
    /// When there is no answer. An error that is answered is an answer.
    pub fn ecs(&self, operation: &str, parameters: &Value) -> Result<Answer> {
        self.targeted("ecs", "AmazonEC2ContainerServiceV20141113", operation, parameters)
    }

    /// An operation of CloudWatch Logs.
    ///
    /// # Errors
    /// As [`AwsClient::ecs`].
    pub fn logs(&self, operation: &str, parameters: &Value) -> Result<Answer> {
        self.targeted("logs", "Logs_20140328", operation, parameters)
    }

    /// An operation of Batch.
    ///
    /// # Errors
    /// As [`AwsClient::ecs`].
    pub fn batch(&self, operation: &str, parameters: &Value) -> Result<Answer> {
        let path = format!("/v1/{}", operation.to_lowercase());
        let request = self.signed(Method::POST, &path, "batch").header("content-type", "application/json");
        self.ask(operation, request, parameters.to_string())
    }

    /// A request of S3, by method and path, with a body if it needs one.
    ///
    /// # Errors
    /// As [`AwsClient::ecs`].
    pub fn s3(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Result<Answer> {
        let known = Method::from_bytes(method.as_bytes());
        let known = known.map_err(|error| Failure::new(format!("ask S3 to {method}"), error))?;
        self.ask(method, self.signed(known, path, "s3"), body)
    }

    /// An action of IAM, with plain parameters that need no escapes.
    ///
    /// # Errors
    /// As [`AwsClient::ecs`].
    pub fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Answer> {
        let mut body = format!("Action={action}&Version=2010-05-08");
        for (name, value) in parameters {
            body.push_str(&format!("&{name}={value}"));
        }
        self.query("iam", action, body)
    }

    /// An action of EC2.
    ///
    /// # Errors
    /// As [`AwsClient::ecs`].
    pub fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Answer> {
        self.query("ec2", action, write_form(&[&[("Action", action), ("Version", "2016-11-15")], parameters].concat()))
    }

    /// What an emulator of ours is asked past AWS's API.
    pub(crate) fn harness(&self, what: &str, body: &Value) -> Result<Value> {
        let request = Request::post(format!("/harness/{what}")).header("host", format!("127.0.0.1:{}", self.port));
        self.ask(what, request, body.to_string())?.ok()
    }

    /// What lies at a path.
    ///
    /// # Errors
    /// As [`AwsClient::ecs`].
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.ask(path, Request::get(path).header("host", format!("127.0.0.1:{}", self.port)), String::new())
    }

    fn query(&self, service: &str, action: &str, form: String) -> Result<Answer> {
        let request = self.signed(Method::POST, "/", service);
        self.ask(action, request.header("content-type", "application/x-www-form-urlencoded"), form)
    }

    fn targeted(&self, service: &str, target: &str, operation: &str, parameters: &Value) -> Result<Answer> {
        let request = self.signed(Method::POST, "/", service);
        let request = request.header("content-type", "application/x-amz-json-1.1");
        self.ask(operation, request.header("x-amz-target", format!("{target}.{operation}")), parameters.to_string())
    }

    fn signed(&self, method: Method, path: &str, service: &str) -> Builder {
        // The signature is nobody's business here; the service and region in it are.
        let credential = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
        let builder = Request::builder().method(method).uri(path).header("host", format!("127.0.0.1:{}", self.port));
        builder.header("authorization", format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"))
    }

    fn ask(&self, what: &str, request: Builder, body: impl Into<Bytes>) -> Result<Answer> {
        let failed = |error: io::Error| Failure::new(format!("get an answer to {what}"), error);
        let request = request.body(Full::new(body.into())).map_err(|error| failed(io::Error::other(error)))?;
        let answer = self.runtime.block_on(async {
            let call = tokio::time::timeout(PATIENCE, exchange(self.port, request));
            call.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        });
        let answer = answer.map_err(failed)?;
        let body = serde_json::from_slice(answer.body());
        Ok(Answer {
            status: answer.status().as_u16(),
            code: error_code(&answer),
            body: body.unwrap_or_else(|_| String::from_utf8_lossy(answer.body()).into_owned().into()),
        })
    }
}

impl Answer {
    /// The answer's body when it is good.
    ///
    /// # Errors
    /// When it is an error.
    pub fn ok(self) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let code = self.code.unwrap_or_default();
        Err(Failure::new("get a good answer", format!("{} {code}: {}", self.status, self.body)))
    }

    /// The texts of all elements of this name, in XML; without those that hold further elements.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
        let parts = self.body.as_str().unwrap_or_default().split(&begin).skip(1);
        let texts = parts.filter_map(|part| part.split_once(&end)).map(|(text, _)| text.trim().to_owned());
        texts.filter(|text| !text.contains('<')).collect()
    }
}
