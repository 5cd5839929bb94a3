//! The parts of Batch, S3 and CloudWatch Logs that an executor uses, behind the SDK's HTTP seam: lost replies, lists that
//! lag and the moments at which jobs end are exact here.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::time::Instant;

/// A job, or a child of one.
#[derive(Clone, Debug)]
struct Run {
    status: &'static str,
    reason: String,
    container: Value,
}

#[derive(Clone, Debug)]
struct Job {
    name: String,
    is_array: bool,
    runs: Vec<Run>,
    began: Instant,
}

/// What comes of the next calls of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// An error with this code and message; nothing is done.
    Fails(&'static str, &'static str),
    /// It is done, and the answer gets lost.
    LosesReply,
    /// It gets lost by itself.
    LosesRequest,
}

#[derive(Debug, Default)]
struct State {
    jobs: BTreeMap<String, Job>,
    objects: BTreeMap<String, Vec<u8>>,
    script: HashMap<String, VecDeque<Next>>,
    calls: Vec<(String, Value)>,
    lag: Duration,
    log: Vec<&'static str>,
    hides_missing: bool,
}

/// The services. A clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

impl Fake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// What comes of the next calls of `operation`, one after the other.
    pub(crate) fn script(&self, operation: &str, next: impl IntoIterator<Item = Next>) {
        self.state().script.entry(operation.to_owned()).or_default().extend(next);
    }

    /// Lists do not know of jobs that are younger.
    pub(crate) fn lag(&self, lag: Duration) {
        self.state().lag = lag;
    }

    /// What the logs of all jobs say.
    pub(crate) fn log(&self, lines: &[&'static str]) {
        self.state().log = lines.to_vec();
    }

    /// Whoever asks for an object that is not there is told that it is denied, as without `s3:ListBucket`.
    pub(crate) fn hide_missing(&self) {
        self.state().hides_missing = true;
    }

    /// The bodies of all calls of `operation` so far; of S3's, the keys.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Value> {
        self.state().calls.iter().filter(|(called, _)| called == operation).map(|(_, body)| body.clone()).collect()
    }

    /// The ids of all jobs, in the order in which they were submitted.
    pub(crate) fn jobs(&self) -> Vec<String> {
        self.state().jobs.keys().cloned().collect()
    }

    /// The keys of all objects.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// Changes how far a job is; `id` may name a child.
    fn change(&self, id: &str, status: &'static str, reason: &str, container: Value) {
        let mut state = self.state();
        let (job, index) = parts(id);
        let run = &mut state.jobs.get_mut(job).unwrap().runs[index.unwrap_or_default()];
        *run = Run { status, reason: reason.to_owned(), container };
    }

    /// A job comes to run.
    pub(crate) fn begin(&self, id: &str) {
        self.change(id, "RUNNING", "", json!({}));
    }

    /// A job ends well, with what its function has returned.
    pub(crate) fn succeed(&self, id: &str, bytes: &[u8]) {
        let mut pickle = vec![0x80, 3, b'C', u8::try_from(bytes.len() + 1).unwrap(), 0];
        pickle.extend_from_slice(bytes);
        pickle.push(b'.');
        self.state().objects.insert(format!("p/results/{id}.pkl"), pickle);
        self.end_well(id);
    }

    /// A job ends well, and leaves nothing.
    pub(crate) fn end_well(&self, id: &str) {
        self.change(id, "SUCCEEDED", "Essential container in task exited", json!({"exitCode": 0}));
    }

    /// A job fails.
    pub(crate) fn fail(&self, id: &str, reason: &str, container: Value) {
        self.change(id, "FAILED", reason, container);
    }

    /// Nobody has heard of a job.
    pub(crate) fn forget(&self, id: &str) {
        self.state().jobs.remove(id);
    }
}

fn parts(id: &str) -> (&str, Option<usize>) {
    match id.split_once(':') {
        Some((job, index)) => (job, Some(index.parse().unwrap())),
        None => (id, None),
    }
}

type Answer = Result<Value, (&'static str, &'static str)>;

impl State {
    fn next(&mut self, operation: &str, body: Value) -> Option<Next> {
        self.calls.push((operation.to_owned(), body));
        self.script.get_mut(operation).and_then(VecDeque::pop_front)
    }

    fn call(&mut self, operation: &str, body: &Value) -> Option<Answer> {
        match self.next(operation, body.clone()) {
            Some(Next::Fails(code, message)) => Some(Err((code, message))),
            Some(Next::LosesRequest) => None,
            Some(Next::LosesReply) => {
                self.answer(operation, body);
                None
            }
            None => Some(Ok(self.answer(operation, body))),
        }
    }

    fn answer(&mut self, operation: &str, body: &Value) -> Value {
        let id = || body["jobId"].as_str().unwrap();
        match operation {
            "submitjob" => {
                let size = body["arrayProperties"]["size"].as_u64();
                let run = Run { status: "RUNNABLE", reason: String::new(), container: json!({}) };
                let runs = vec![run; usize::try_from(size.unwrap_or(1)).unwrap()];
                let id = format!("job-{:04}", self.jobs.len());
                let name = body["jobName"].as_str().unwrap().to_owned();
                let job = Job { name: name.clone(), is_array: size.is_some(), runs, began: Instant::now() };
                self.jobs.insert(id.clone(), job);
                json!({"jobId": id, "jobName": name})
            }
            "describejobs" => {
                let ids = body["jobs"].as_array().unwrap();
                assert!((1..=100).contains(&ids.len()), "{}", ids.len());
                json!({"jobs": ids.iter().filter_map(|id| self.describe(id.as_str().unwrap())).collect::<Vec<_>>()})
            }
            "listjobs" => {
                let filter = &body["filters"][0];
                assert_eq!(filter["name"], "JOB_NAME");
                let is_meant = |job: &Job| job.began.elapsed() >= self.lag && filter["values"] == json!([job.name]);
                let found = self.jobs.iter().filter(|(_, job)| is_meant(job));
                json!({"jobSummaryList": found.map(|(id, job)| json!({"jobId": id, "jobName": job.name})).collect::<Vec<_>>()})
            }
            "canceljob" => {
                self.end(id(), body, &["RUNNABLE"]);
                json!({})
            }
            "terminatejob" => {
                self.end(id(), body, &["RUNNABLE", "RUNNING"]);
                json!({})
            }
            "GetLogEvents" => {
                let events: Vec<Value> = self.log.iter().map(|line| json!({"message": line})).collect();
                json!({"events": events})
            }
            other => panic!("{other} is not part of this service"),
        }
    }

    fn end(&mut self, id: &str, body: &Value, from: &[&str]) {
        let (job, index) = parts(id);
        let Some(job) = self.jobs.get_mut(job) else { return };
        let meant = job.runs.iter_mut().enumerate().filter(|(at, _)| index.is_none_or(|index| index == *at));
        for (_, run) in meant.filter(|(_, run)| from.contains(&run.status)) {
            run.status = "FAILED";
            body["reason"].as_str().unwrap().clone_into(&mut run.reason);
        }
    }

    fn describe(&self, id: &str) -> Option<Value> {
        let (parent, index) = parts(id);
        let job = self.jobs.get(parent)?;
        let count = |status: &str| job.runs.iter().filter(|run| run.status == status).count();
        let common = json!({"jobId": id, "jobName": job.name, "jobQueue": "q", "jobDefinition": "d", "startedAt": 1});
        let mut told = common;
        if job.is_array && index.is_none() {
            let ended = count("SUCCEEDED") + count("FAILED");
            let status = match count("FAILED") {
                _ if ended < job.runs.len() => "PENDING",
                0 => "SUCCEEDED",
                _ => "FAILED",
            };
            told["status"] = json!(status);
            let summary = json!({"SUCCEEDED": count("SUCCEEDED"), "FAILED": count("FAILED")});
            told["arrayProperties"] = json!({"size": job.runs.len(), "statusSummary": summary});
        } else {
            let run = job.runs.get(index.unwrap_or_default())?;
            told["status"] = json!(run.status);
            told["statusReason"] = json!(run.reason);
            told["container"] = run.container.clone();
        }
        Some(told)
    }

    /// S3 speaks another protocol.
    fn s3(&mut self, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let key = path.trim_start_matches("/b/").split('?').next().unwrap().replace("%3A", ":");
        let text = String::from_utf8_lossy(body).into_owned();
        let deleted: Vec<String> =
            text.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned())).collect();
        let (operation, noted) = match method {
            "PUT" => ("PutObject", json!(key)),
            "GET" => ("GetObject", json!(key)),
            "POST" => ("DeleteObjects", json!(deleted)),
            other => panic!("{other} is not part of this service"),
        };
        let error = |code: &str| format!("<Error><Code>{code}</Code><Message>no</Message></Error>").into_bytes();
        match self.next(operation, noted) {
            Some(Next::Fails(code, _)) => return Some((if code == "AccessDenied" { 403 } else { 503 }, error(code))),
            Some(_) => return None,
            None => {}
        }
        Some(match operation {
            "PutObject" => {
                self.objects.insert(key, body.to_vec());
                (200, Vec::new())
            }
            "GetObject" => match self.objects.get(&key) {
                Some(bytes) => (200, bytes.clone()),
                None if self.hides_missing => (403, error("AccessDenied")),
                None => (404, error("NoSuchKey")),
            },
            _ => {
                assert!((1..=1000).contains(&deleted.len()), "{}", deleted.len());
                deleted.iter().for_each(|key| drop(self.objects.remove(key)));
                (200, b"<DeleteResult/>".to_vec())
            }
        })
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let url = request.uri().to_owned();
        let (host, path) =
            url.split_once("://").unwrap().1.split_once('/').map(|(host, path)| (host, format!("/{path}"))).unwrap();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let json = || serde_json::from_slice(&body).unwrap();
        let answer = if host.starts_with("s3") {
            self.state().s3(request.method(), &path, &body)
        } else {
            let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
            let operation = target.unwrap_or_else(|| path.trim_start_matches("/v1/"));
            self.state().call(operation, &json()).map(|answer| match answer {
                Ok(answer) => (200, answer.to_string().into_bytes()),
                Err((code, message)) => (400, json!({"__type": code, "message": message}).to_string().into_bytes()),
            })
        };
        HttpConnectorFuture::ready(match answer {
            Some((status, body)) => Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))),
            None => Err(ConnectorError::io("the answer got lost".into())),
        })
    }
}

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}
