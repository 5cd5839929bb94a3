//! What is seen of tasks and instances, and when: lists lag behind, and a stop takes its time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

use super::answers::{self, rewrite};
use super::asked::Asked;
use super::instances;

/// The last stage on a task's way out, in which a task of Fargate gives back its network.
const ON_ITS_WAY_OUT: &str = "DEPROVISIONING";

/// How late things are seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lags {
    /// A new task or instance, in lists and descriptions.
    pub(super) launch: Duration,
    /// That one has stopped, in descriptions.
    pub(super) stop: Duration,
}

/// When tasks and instances were launched and stopped.
#[derive(Debug, Default)]
pub(super) struct Times {
    launched: Mutex<HashMap<String, Instant>>,
    stopped: Mutex<HashMap<String, Instant>>,
}

impl Times {
    /// An answer as it is seen now; what it does is taken note of.
    pub(super) fn seen(&self, asked: &Asked, lags: Lags, answer: Response<Bytes>) -> Response<Bytes> {
        match asked.operation.as_str() {
            _ if asked.service == "ec2" => instances::seen(self, asked, lags, answer),
            _ if asked.is_submission() => {
                answers::launched(asked, &answer).iter().for_each(|job| self.note_launch(job));
                answer
            }
            "DescribeJobs" | "ListJobs" if asked.service == "batch" => rewrite(answer, |body| {
                for list in ["jobs", "jobSummaryList"] {
                    if let Some(jobs) = body[list].as_array_mut() {
                        jobs.retain(|job| !job["jobId"].as_str().is_some_and(|id| self.is_young(lags, parent(id))));
                    }
                }
            }),
            _ if asked.service != "ecs" => answer,
            "RunTask" => rewrite(answer, |body| {
                let tasks = body["tasks"].as_array().into_iter().flatten();
                tasks.filter_map(arn_of).for_each(|arn| self.note_launch(arn));
            }),
            "StopTask" => rewrite(answer, |body| {
                if let Some(arn) = arn_of(&body["task"]) {
                    self.note_stop(arn);
                }
                self.hide_stop(lags, &mut body["task"]);
            }),
            "ListTasks" => rewrite(answer, |body| {
                if let Some(arns) = body["taskArns"].as_array_mut() {
                    arns.retain(|arn| !arn.as_str().is_some_and(|arn| self.is_young(lags, arn)));
                }
            }),
            "DescribeTasks" => rewrite(answer, |body| self.describe(lags, body)),
            _ => answer,
        }
    }

    fn describe(&self, lags: Lags, body: &mut Value) {
        let Some(tasks) = body["tasks"].as_array_mut() else { return };
        let is_young = |task: &mut Value| arn_of(task).is_some_and(|arn| self.is_young(lags, arn));
        let young: Vec<Value> = tasks.extract_if(.., is_young).collect();
        tasks.iter_mut().for_each(|task| self.hide_stop(lags, task));
        let missing = young.iter().map(|task| json!({"arn": task["taskArn"], "reason": "MISSING"}));
        if let Some(failures) = body["failures"].as_array_mut() {
            failures.extend(missing);
        }
    }

    /// Takes note that one was launched, for the first time.
    pub(super) fn note_launch(&self, name: &str) {
        note(&self.launched, name);
    }

    /// Takes note that one was stopped, for the first time.
    pub(super) fn note_stop(&self, name: &str) {
        note(&self.stopped, name);
    }

    /// Whether one is not seen yet.
    pub(super) fn is_young(&self, lags: Lags, name: &str) -> bool {
        is_recent(&self.launched, lags.launch, name)
    }

    /// Whether one is told to be on its way out.
    pub(super) fn is_ending(&self, lags: Lags, name: &str) -> bool {
        is_recent(&self.stopped, lags.stop, name)
    }

    fn hide_stop(&self, lags: Lags, task: &mut Value) {
        if arn_of(task).is_some_and(|arn| self.is_ending(lags, arn))
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

fn arn_of(task: &Value) -> Option<&str> {
    task["taskArn"].as_str()
}

/// The job that was submitted, of which this one may be a child.
fn parent(job: &str) -> &str {
    job.split(':').next().unwrap_or(job)
}

fn note(noted: &Noted, name: &str) {
    locked(noted).entry(name.to_owned()).or_insert_with(Instant::now);
}

fn is_recent(noted: &Noted, lag: Duration, name: &str) -> bool {
    locked(noted).get(name).is_some_and(|at| at.elapsed() < lag)
}
