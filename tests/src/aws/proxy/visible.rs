//! What is seen of tasks, and when: lists lag behind, and a stop takes its time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

use super::answers::rewrite;
use super::asked::Asked;

/// The last stage on a task's way out, in which a task of Fargate gives back its network.
const ON_ITS_WAY_OUT: &str = "DEPROVISIONING";

/// How late things are seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lags {
    /// A new task, in lists and descriptions.
    pub(super) launch: Duration,
    /// That a task has stopped, in descriptions.
    pub(super) stop: Duration,
}

/// When tasks were launched and stopped.
#[derive(Debug, Default)]
pub(super) struct Times {
    launched: Mutex<HashMap<String, Instant>>,
    stopped: Mutex<HashMap<String, Instant>>,
}

impl Times {
    /// An answer as it is seen now; what it does is taken note of.
    pub(super) fn seen(&self, asked: &Asked, lags: Lags, answer: Response<Bytes>) -> Response<Bytes> {
        match asked.operation.as_str() {
            _ if asked.service != "ecs" => answer,
            "RunTask" => rewrite(answer, |body| {
                body["tasks"].as_array().into_iter().flatten().for_each(|task| note(&self.launched, task));
            }),
            "StopTask" => rewrite(answer, |body| {
                note(&self.stopped, &body["task"]);
                self.hide_stop(lags.stop, &mut body["task"]);
            }),
            "ListTasks" => rewrite(answer, |body| {
                if let Some(arns) = body["taskArns"].as_array_mut() {
                    arns.retain(|arn| !is_recent(&self.launched, lags.launch, arn));
                }
            }),
            "DescribeTasks" => rewrite(answer, |body| self.describe(lags, body)),
            _ => answer,
        }
    }

    fn describe(&self, lags: Lags, body: &mut Value) {
        let Some(tasks) = body["tasks"].as_array_mut() else { return };
        let is_young = |task: &mut Value| is_recent(&self.launched, lags.launch, &task["taskArn"]);
        let young: Vec<Value> = tasks.extract_if(.., is_young).collect();
        tasks.iter_mut().for_each(|task| self.hide_stop(lags.stop, task));
        let missing = young.iter().map(|task| json!({"arn": task["taskArn"], "reason": "MISSING"}));
        if let Some(failures) = body["failures"].as_array_mut() {
            failures.extend(missing);
        }
    }

    fn hide_stop(&self, lag: Duration, task: &mut Value) {
        if is_recent(&self.stopped, lag, &task["taskArn"])
            && let Some(members) = task.as_object_mut()
        {
            members.insert("lastStatus".to_owned(), ON_ITS_WAY_OUT.into());
            members.remove("stoppedAt");
        }
    }
}

type Noted = Mutex<HashMap<String, Instant>>;

fn locked(noted: &Noted) -> MutexGuard<'_, HashMap<String, Instant>> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes note of a task for the first time.
fn note(noted: &Noted, task: &Value) {
    if let Some(arn) = task["taskArn"].as_str() {
        locked(noted).entry(arn.to_owned()).or_insert_with(Instant::now);
    }
}

fn is_recent(noted: &Noted, lag: Duration, arn: &Value) -> bool {
    arn.as_str().is_some_and(|arn| locked(noted).get(arn).is_some_and(|at| at.elapsed() < lag))
}
