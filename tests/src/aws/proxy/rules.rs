//! What AWS documents of parameters and answers, and the emulators do not see to.

use bytes::Bytes;
use hyper::Response;
use serde_json::Value;

use super::answers::{self, rewrite};
use super::asked::Asked;
use crate::aws::errors::json_error;

/// What AWS would refuse.
pub(super) fn violation(asked: &Asked) -> Option<Response<Bytes>> {
    if asked.service == "s3" && asked.json["keys"].as_u64() > Some(1000) {
        return Some(answers::error(asked, 400, "MalformedXML", "1 to 1,000 keys can be deleted at once."));
    }
    let found = match asked.operation.as_str() {
        _ if asked.service != "ecs" => None,
        "RunTask" => run_task(&asked.json),
        "DescribeTasks" => match count(&asked.json["tasks"]) {
            0 => Some("Tasks cannot be empty."),
            1..=100 => None,
            _ => Some("Tasks cannot have more than 100 elements."),
        },
        "ListTasks" => list_tasks(&asked.json),
        _ => None,
    };
    Some(json_error(400, "InvalidParameterException", found?, &[]))
}

fn run_task(request: &Value) -> Option<&'static str> {
    let text = |name: &str| request[name].as_str();
    let is_token =
        |token: &str| (1..=64).contains(&token.len()) && token.bytes().all(|byte| (33..=126).contains(&byte));
    if !(1..=10).contains(&request["count"].as_i64().unwrap_or(1)) {
        Some("Count must be between 1 and 10.")
    } else if text("clientToken").is_some_and(|token| !is_token(token)) {
        Some("The client token must have 1 to 64 ASCII characters in the range of 33 to 126.")
    } else if text("startedBy").is_some_and(|name| name.len() > 128) {
        Some("startedBy cannot have more than 128 characters.")
    } else if count(&request["tags"]) > 50 {
        Some("A resource cannot have more than 50 tags.")
    } else {
        None
    }
}

fn list_tasks(request: &Value) -> Option<&'static str> {
    let others = ["containerInstance", "family", "launchType", "serviceName"];
    if request["startedBy"].is_string() && others.iter().any(|name| request[name].is_string()) {
        // Whether the desired status counts as another filter is not said.
        Some("startedBy must be the only filter.")
    } else if !(1..=100).contains(&request["maxResults"].as_i64().unwrap_or(100)) {
        Some("maxResults must be between 1 and 100.")
    } else {
        None
    }
}

/// Tags are told only to those who ask for them.
pub(super) fn without_tags(asked: &Asked, answer: Response<Bytes>) -> Response<Bytes> {
    let is_wanted = asked.json["include"].as_array().is_some_and(|include| include.iter().any(|name| name == "TAGS"));
    if !asked.is("DescribeTasks") || is_wanted {
        return answer;
    }
    rewrite(answer, |body| {
        for task in body["tasks"].as_array_mut().into_iter().flatten() {
            if let Some(members) = task.as_object_mut() {
                members.remove("tags");
            }
        }
    })
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}
