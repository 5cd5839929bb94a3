//! The part of ECS that a provider uses, behind the SDK's HTTP seam: what no emulator has (client tokens, `failures`,
//! lists that lag, lost replies) is exact here.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_sdk_ecs::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use aws_sdk_iam::Client as IamClient;
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
use scaler_wm_aws::{AwsSettings, WorkerCommand};
use scaler_wm_core::{Clock, ManagerId, Result};
use scaler_wm_ecs::{EcsConfig, EcsProvider};
use serde_json::{Value, json};
use tokio::time::Instant;

/// One task.
#[derive(Clone, Debug)]
struct Task {
    began: Instant,
    body: Value,
}

/// What comes of the next calls of an operation.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// An error with this code and message; nothing is done.
    Fails(&'static str, &'static str),
    /// It is done, and the answer gets lost.
    LosesReply,
    /// `RunTask`: so many tasks start, the others fail for this reason.
    Starts(usize, &'static str),
}

#[derive(Debug, Default)]
struct State {
    tasks: BTreeMap<String, Task>,
    by_token: HashMap<String, (Value, Value)>,
    script: HashMap<String, VecDeque<Next>>,
    calls: Vec<(String, Value)>,
    lag: Duration,
    /// Name and capacity providers of each.
    clusters: Vec<(String, Value)>,
    definitions: Vec<Value>,
    roles: Vec<String>,
}

/// The service. A clone is the same one.
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

    /// Lists and descriptions do not know of tasks that are younger.
    pub(crate) fn lag(&self, lag: Duration) {
        self.state().lag = lag;
    }

    /// The bodies of all calls of `operation` so far.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Value> {
        self.state().calls.iter().filter(|(called, _)| called == operation).map(|(_, body)| body.clone()).collect()
    }

    /// Every operation that was called so far, in order.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.state().calls.iter().map(|(operation, _)| operation.clone()).collect()
    }

    /// The tasks that are not to stop.
    pub(crate) fn running(&self) -> Vec<String> {
        let state = self.state();
        state
            .tasks
            .iter()
            .filter(|(_, task)| task.body["desiredStatus"] == "RUNNING")
            .map(|(arn, _)| arn.clone())
            .collect()
    }

    /// Changes what is said of a task.
    pub(crate) fn change(&self, arn: &str, change: &Value) {
        let mut state = self.state();
        let task = state.tasks.get_mut(arn).unwrap();
        for (key, value) in change.as_object().unwrap() {
            task.body[key] = value.clone();
        }
    }

    /// The container of a task ends.
    pub(crate) fn kill(&self, arn: &str) {
        self.change(
            arn,
            &json!({
                "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited",
                "stoppedReason": "Essential container in task exited", "containers": [{"exitCode": 137}],
            }),
        );
    }

    /// There is no task definition any more.
    pub(crate) fn lose_definition(&self) {
        self.state().definitions.clear();
    }

    /// The oldest task that is to run is interrupted, as Spot does it.
    pub(crate) fn interrupt(&self) -> String {
        let arn = self.running()[0].clone();
        self.change(&arn, &json!({"desiredStatus": "STOPPED", "stopCode": "SpotInterruption", "stoppingAt": 1_000}));
        arn
    }

    /// There is no cluster of that name any more.
    pub(crate) fn lose_cluster(&self) {
        self.state().clusters.clear();
    }

    /// A provider at this service.
    pub(crate) async fn provider(&self, change: impl FnOnce(&mut EcsConfig)) -> Result<EcsProvider> {
        let aws = AwsSettings::new("us-east-1");
        let address = "tcp://10.0.0.1:8516".parse().unwrap();
        let workers = WorkerCommand::new(address, ManagerId::from("m1"), 4.try_into().unwrap());
        let mut config = EcsConfig::new(aws, vec!["subnet-1".to_owned()], workers);
        change(&mut config);
        let ecs = aws_sdk_ecs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        let iam = aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        EcsProvider::start_with(config, Client::from_conf(ecs), IamClient::from_conf(iam), Clock::system()).await
    }
}

type Answer = std::result::Result<Value, (&'static str, &'static str)>;

impl State {
    fn call(&mut self, operation: &str, body: &Value) -> Option<Answer> {
        self.calls.push((operation.to_owned(), body.clone()));
        match self.script.get_mut(operation).and_then(VecDeque::pop_front) {
            Some(Next::Fails(code, message)) => Some(Err((code, message))),
            Some(Next::LosesReply) => {
                let _ = self.answer(operation, body, None);
                None
            }
            Some(Next::Starts(count, reason)) => Some(self.answer(operation, body, Some((count, reason)))),
            None => Some(self.answer(operation, body, None)),
        }
    }

    fn answer(&mut self, operation: &str, body: &Value, starts: Option<(usize, &str)>) -> Answer {
        match operation {
            "DescribeClusters" => {
                let describe = |(name, providers): &(String, Value)| json!({"clusterName": name, "status": "ACTIVE", "capacityProviders": providers});
                let clusters = self.clusters.iter().map(describe);
                Ok(json!({"clusters": clusters.collect::<Vec<_>>()}))
            }
            "CreateCluster" => {
                let providers = body.get("capacityProviders").cloned().unwrap_or(json!([]));
                self.clusters.push((body["clusterName"].as_str().unwrap().to_owned(), providers));
                Ok(json!({}))
            }
            "DescribeTaskDefinition" => match self.definitions.last() {
                Some(definition) => Ok(json!({"taskDefinition": definition})),
                None => Err(("ClientException", "Unable to describe task definition.")),
            },
            "RegisterTaskDefinition" => {
                let mut definition = body.clone();
                definition["taskDefinitionArn"] = json!("arn:aws:ecs:us-east-1:1:task-definition/scaler:1");
                self.definitions.push(definition.clone());
                Ok(json!({"taskDefinition": definition}))
            }
            "RunTask" => self.run(body, starts),
            "ListTasks" => Ok(self.list(body)),
            "DescribeTasks" => Ok(self.describe(body)),
            "StopTask" => match self.tasks.get_mut(body["task"].as_str().unwrap()) {
                None => Err(("InvalidParameterException", "The referenced task was not found.")),
                Some(task) => {
                    for (key, value) in [
                        ("lastStatus", "STOPPED"),
                        ("desiredStatus", "STOPPED"),
                        ("stopCode", "UserInitiated"),
                        ("stoppedReason", body["reason"].as_str().unwrap()),
                    ] {
                        task.body[key] = json!(value);
                    }
                    Ok(json!({"task": task.body}))
                }
            },
            other => panic!("{other} is not part of this service"),
        }
    }

    fn run(&mut self, body: &Value, starts: Option<(usize, &str)>) -> Answer {
        let token = body["clientToken"].as_str().unwrap().to_owned();
        if let Some((first, answer)) = self.by_token.get(&token) {
            return if first == body { Ok(answer.clone()) } else { Err(("ConflictException", "another request")) };
        }
        if !self.clusters.iter().any(|(name, _)| body["cluster"] == name.as_str()) {
            return Err(("ClusterNotFoundException", "Cluster not found."));
        }
        let asked = usize::try_from(body["count"].as_u64().unwrap()).unwrap();
        let (count, reason) = starts.unwrap_or((asked, ""));
        let mut tasks = Vec::new();
        for _ in 0..count {
            let arn = format!("arn:aws:ecs:us-east-1:1:task/c/{:032x}", self.tasks.len() + 1);
            let task = json!({
                "taskArn": arn, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "startedBy": body["startedBy"],
                "tags": body["tags"], "createdAt": 1, "startedAt": 2,
            });
            tasks.push(task.clone());
            self.tasks.insert(arn, Task { began: Instant::now(), body: task });
        }
        let failures = vec![json!({"arn": "arn:x", "reason": reason}); asked - count];
        let answer = json!({"tasks": tasks, "failures": failures});
        self.by_token.insert(token, (body.clone(), answer.clone()));
        Ok(answer)
    }

    fn is_known(&self, task: &Task) -> bool {
        task.began.elapsed() >= self.lag
    }

    fn list(&self, body: &Value) -> Value {
        let is_meant = |task: &Task| {
            self.is_known(task)
                && task.body["startedBy"] == body["startedBy"]
                && task.body["desiredStatus"] == "RUNNING"
        };
        let from: usize = body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let all: Vec<&String> = self.tasks.iter().filter(|(_, task)| is_meant(task)).map(|(arn, _)| arn).collect();
        let mut answer = json!({"taskArns": all.iter().skip(from).take(100).collect::<Vec<_>>()});
        if from + 100 < all.len() {
            answer["nextToken"] = json!((from + 100).to_string());
        }
        answer
    }

    fn describe(&self, body: &Value) -> Value {
        assert_eq!(body["include"], json!(["TAGS"]));
        let asked = body["tasks"].as_array().unwrap();
        assert!((1..=100).contains(&asked.len()), "{}", asked.len());
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        for arn in asked {
            match self.tasks.get(arn.as_str().unwrap()).filter(|task| self.is_known(task)) {
                Some(task) => tasks.push(task.body.clone()),
                None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        json!({"tasks": tasks, "failures": failures})
    }

    /// IAM speaks another protocol.
    fn iam(&mut self, query: &str) -> (u16, String) {
        let field = |name: &str| {
            let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        let (action, role) = (field("Action"), field("RoleName"));
        self.calls.push((action.clone(), json!(query)));
        if let Some(Next::Fails(code, _)) = self.script.get_mut(&action).and_then(VecDeque::pop_front) {
            self.roles.extend((code == "EntityAlreadyExists").then_some(role));
            return (409, format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"));
        }
        if action == "GetRole" && !self.roles.contains(&role) {
            return (404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>".to_owned());
        }
        if action == "CreateRole" {
            self.roles.push(role.clone());
        }
        let date = "<CreateDate>2026-01-01T00:00:00Z</CreateDate>";
        let role = format!(
            "<Role><Path>/</Path><RoleName>{role}</RoleName><RoleId>R</RoleId><Arn>arn:aws:iam::1:role/{role}</Arn>{date}\
             </Role>"
        );
        (200, format!("<{action}Response><{action}Result>{role}</{action}Result></{action}Response>"))
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let text = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let answer = match target {
            None => Some(self.state().iam(&text)),
            Some(target) => {
                let operation = target.rsplit('.').next().unwrap();
                let answer = self.state().call(operation, &serde_json::from_str(&text).unwrap());
                answer.map(|answer| match answer {
                    Ok(answer) => (200, answer.to_string()),
                    Err((code, message)) => (400, json!({"__type": code, "message": message}).to_string()),
                })
            }
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
