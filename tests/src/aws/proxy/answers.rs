//! Answers, read and rewritten.

use bytes::Bytes;
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::asked::Asked;
use super::instances;
use crate::aws::errors::{ec2_error, error_code, json_answer, json_error, s3_error, xml_error};

/// What AWS says when Fargate has no room.
pub(super) const NO_CAPACITY: &str =
    "Capacity is unavailable at this time. Please try again later or in a different availability zone";

/// An error in the protocol of what was asked.
pub(super) fn error(asked: &Asked, status: u16, code: &str, message: &str) -> Response<Bytes> {
    match asked.service.as_str() {
        _ if asked.is_json() => json_error(status, code, message, &[]),
        "ec2" => ec2_error(status, code, message),
        // Nothing but the status is told then.
        "s3" if asked.parts.method == Method::HEAD => s3_error(status, code, message).map(|_| Bytes::new()),
        "s3" => s3_error(status, code, message),
        _ => xml_error(status, code, message),
    }
}

/// Too many calls.
pub(super) fn throttled(asked: &Asked) -> Response<Bytes> {
    // The query protocol has a name of its own for it, and EC2 another one.
    match asked.service.as_str() {
        "batch" => error(asked, 429, "TooManyRequestsException", "Too Many Requests"),
        "s3" => error(asked, 503, "SlowDown", "Please reduce your request rate."),
        _ if asked.is_json() => error(asked, 400, "ThrottlingException", "Rate exceeded"),
        "ec2" => error(asked, 503, "RequestLimitExceeded", "Request limit exceeded."),
        _ => error(asked, 400, "Throttling", "Rate exceeded"),
    }
}

/// An answer to RunTask that launched nothing.
pub(super) fn refused(asked: &Asked, reason: &str) -> Response<Bytes> {
    json_answer(200, &json!({"tasks": [], "failures": failures(asked, asked.count(), reason)}))
}

/// As many failures of tasks that were to be launched.
pub(super) fn failures(asked: &Asked, count: u64, reason: &str) -> Vec<Value> {
    let cluster = asked.json["cluster"].as_str().unwrap_or("default").rsplit('/').next().unwrap_or_default();
    let arn = format!("arn:aws:ecs:us-east-1:000000000000:container-instance/{cluster}/none");
    (0..count).map(|_| json!({"arn": arn, "reason": reason})).collect()
}

/// The names of what an answer to a launch says was launched.
pub(super) fn launched(asked: &Asked, answer: &Response<Bytes>) -> Vec<String> {
    match asked.service.as_str() {
        _ if asked.is_submission() => job(answer).into_iter().collect(),
        _ if !asked.is_launch() => Vec::new(),
        "ec2" => instances::launched(answer),
        _ => tasks(answer),
    }
}

/// Want of capacity is AWS's own failing, by its status; the emulator tells it as the caller's.
pub(super) fn with_status(mut answer: Response<Bytes>) -> Response<Bytes> {
    if error_code(&answer).as_deref() == Some("InsufficientInstanceCapacity") {
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    answer
}

/// The names of the tasks that an answer describes.
pub(super) fn tasks(answer: &Response<Bytes>) -> Vec<String> {
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let tasks = body["tasks"].as_array().into_iter().flatten();
    tasks.filter_map(|task| task["taskArn"].as_str().map(str::to_owned)).collect()
}

/// The name of the job that an answer to a submission tells.
fn job(answer: &Response<Bytes>) -> Option<String> {
    let body: Value = serde_json::from_slice(answer.body()).ok()?;
    body["jobId"].as_str().map(str::to_owned)
}

/// The same answer with another body, if it is a good one in JSON.
pub(super) fn rewrite(answer: Response<Bytes>, change: impl FnOnce(&mut Value)) -> Response<Bytes> {
    if !answer.status().is_success() {
        return answer;
    }
    let Ok(mut body) = serde_json::from_slice(answer.body()) else { return answer };
    change(&mut body);
    answer.map(|_| Bytes::from(body.to_string()))
}
