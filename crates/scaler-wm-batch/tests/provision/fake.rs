//! Services in an account in which all but Batch is there already, and ours. Of Batch, compute environments are in the
//! states that a test has written down, one after the other.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    path::Path,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;
use scaler_wm_batch::provision::{Book, Jobs, Place, Progress, Recipe, Services, Site, Wanted};
use scaler_wm_core::Result;
use serde_json::{Value, json};

const PREFIX: &str = "p";
const TAG: &str = "scaler-wm:provisioned-by";

#[derive(Debug, Default)]
struct State {
    /// Status and reason of the environment at each look; the last one stays. None: it is not there.
    statuses: VecDeque<Option<(&'static str, &'static str)>>,
    /// What is told of the environment besides.
    environment: Value,
    queue: Option<Value>,
    definitions: Vec<Value>,
    /// Errors of the next call of an operation: status, code, message.
    errors: HashMap<String, VecDeque<(u16, &'static str, &'static str)>>,
    calls: Vec<(String, Value)>,
}

/// The services. A clone is the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

/// What was told of every step.
pub(crate) type Told = Rc<RefCell<Vec<String>>>;

impl Fake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Services whose environment is in these states, one after the other, and is otherwise as it is wanted, but for
    /// `change`.
    pub(crate) fn with(
        statuses: impl IntoIterator<Item = Option<(&'static str, &'static str)>>,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let mut environment = json!({
            "computeEnvironmentName": "p-compute",
            "computeEnvironmentArn": "arn:aws:batch:us-east-1:1:compute-environment/p-compute",
            "state": "ENABLED",
            "tags": {TAG: PREFIX},
            "computeResources": {
                "maxvCpus": 16, "instanceTypes": ["c7i"], "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"],
            },
        });
        change(&mut environment);
        let fake = Self::default();
        fake.state().statuses = statuses.into_iter().collect();
        fake.state().environment = environment;
        fake
    }

    /// The next call of an operation fails.
    pub(crate) fn fails(&self, operation: &str, status: u16, code: &'static str, message: &'static str) {
        self.state().errors.entry(operation.to_owned()).or_default().push_back((status, code, message));
    }

    /// The bodies of all calls of an operation so far.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Value> {
        self.state().calls.iter().filter(|(called, _)| called == operation).map(|(_, body)| body.clone()).collect()
    }

    /// A site at these services, with its files in a folder, and what it tells.
    pub(crate) async fn site(&self, folder: &Path, tell: &'static dyn Fn(Progress)) -> Result<Site<'static>> {
        let book = Book::open(&folder.join("state.json")).unwrap();
        let place =
            Place { region: "us-east-1".to_owned(), prefix: PREFIX.to_owned(), env_file: folder.join("exports") };
        Site::open(place, book, self.services(), tell).await
    }

    fn services(&self) -> Services {
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::Config::builder()
                        .behavior_version(BehaviorVersion::latest())
                        .region(Region::new("us-east-1"))
                        .credentials_provider(Credentials::for_tests())
                        .retry_config(RetryConfig::disabled())
                        .endpoint_url("http://127.0.0.1:9")
                        .http_client(self.clone())
                        .build(),
                )
            };
        }
        Services {
            batch: client!(aws_sdk_batch),
            ec2: client!(aws_sdk_ec2),
            ecr: client!(aws_sdk_ecr),
            iam: client!(aws_sdk_iam),
            logs: client!(aws_sdk_cloudwatchlogs),
            s3: client!(aws_sdk_s3),
            sts: client!(aws_sdk_sts),
        }
    }
}

/// A place for what is told that lives as long as the test.
pub(crate) fn told() -> (Told, &'static dyn Fn(Progress)) {
    let told = Told::default();
    let into = Rc::clone(&told);
    let tell = Box::leak(Box::new(move |progress: Progress| into.borrow_mut().push(progress.to_string())));
    (told, tell)
}

/// What is wanted: an image, and an environment as the services have it.
pub(crate) fn wanted() -> Wanted {
    Wanted {
        image: Some("image".to_owned()),
        recipe: Recipe { python_version: "3.12".to_owned(), packages: Vec::new() },
        jobs: Jobs { vcpus: 1, memory_mib: 1_843, timeout_seconds: 3_600 },
        max_vcpus: 16,
        instance_types: vec!["c7i".to_owned()],
        subnets: Vec::new(),
        security_groups: Vec::new(),
    }
}

impl State {
    fn batch(&mut self, operation: &str, body: &Value) -> Value {
        match operation {
            "describecomputeenvironments" => {
                let status =
                    if self.statuses.len() > 1 { self.statuses.pop_front() } else { self.statuses.front().copied() };
                let Some((status, reason)) = status.flatten() else { return json!({"computeEnvironments": []}) };
                let mut environment = self.environment.clone();
                environment["status"] = json!(status);
                environment["statusReason"] = json!(reason);
                json!({"computeEnvironments": [environment]})
            }
            "updatecomputeenvironment" => {
                if body["state"].is_string() {
                    self.environment["state"] = body["state"].clone();
                }
                json!({})
            }
            "describejobqueues" => json!({"jobQueues": self.queue.iter().collect::<Vec<_>>()}),
            "createjobqueue" => {
                let mut queue = body.clone();
                queue["jobQueueArn"] = json!("arn:aws:batch:us-east-1:1:job-queue/p-queue");
                queue["status"] = json!("VALID");
                self.queue = Some(queue);
                json!({})
            }
            "updatejobqueue" => {
                if let Some(queue) = &mut self.queue {
                    queue["state"] = body["state"].clone();
                }
                json!({})
            }
            "deletejobqueue" => {
                self.queue = None;
                json!({})
            }
            "describejobdefinitions" => json!({"jobDefinitions": self.definitions}),
            "registerjobdefinition" => {
                let revision = self.definitions.len() + 1;
                let mut definition = body.clone();
                definition["revision"] = json!(revision);
                definition["jobDefinitionArn"] =
                    json!(format!("arn:aws:batch:us-east-1:1:job-definition/p-job:{revision}"));
                self.definitions.push(definition.clone());
                definition
            }
            "deregisterjobdefinition" => {
                self.definitions.retain(|definition| definition["jobDefinitionArn"] != body["jobDefinition"]);
                json!({})
            }
            _ => json!({}),
        }
    }

    /// The services that speak in forms.
    fn form(&self, action: &str, form: &str) -> (u16, String) {
        let field =
            |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or("x");
        let tags = format!("<Tags><member><Key>{TAG}</Key><Value>{PREFIX}</Value></member></Tags>");
        let date = "<CreateDate>2026-01-01T00:00:00Z</CreateDate>";
        let role = |name: &str| {
            format!(
                "<Path>/</Path><RoleName>{name}</RoleName><RoleId>R</RoleId><Arn>arn:aws:iam::1:role/{name}</Arn>{date}{tags}"
            )
        };
        let answer = match action {
            "GetCallerIdentity" => "<Account>1</Account><Arn>arn:aws:iam::1:user/me</Arn>".to_owned(),
            "GetRole" => format!("<Role>{}</Role>", role(field("RoleName"))),
            "ListRoles" => format!("<Roles><member>{}</member></Roles>", role("AWSServiceRoleForBatch")),
            "GetInstanceProfile" => format!(
                "<InstanceProfile><Path>/</Path><InstanceProfileName>x</InstanceProfileName>\
                 <InstanceProfileId>P</InstanceProfileId><Arn>arn:aws:iam::1:instance-profile/x</Arn>{date}\
                 <Roles><member>{}</member></Roles>{tags}</InstanceProfile>",
                role("p-us-east-1-instance-role")
            ),
            "GetRolePolicy" => return (404, error("NoSuchEntity", "")),
            // EC2 puts nothing around its answers but their name.
            "DescribeVpcs" => return (200, ec2(action, "<vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet>")),
            "DescribeSubnets" => {
                return (200, ec2(action, "<subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet>"));
            }
            "DescribeSecurityGroups" => {
                return (
                    200,
                    ec2(action, "<securityGroupInfo><item><groupId>sg-1</groupId></item></securityGroupInfo>"),
                );
            }
            _ => String::new(),
        };
        (200, format!("<{action}Response><{action}Result>{answer}</{action}Result></{action}Response>"))
    }

    fn s3(method: &str, query: &str) -> (u16, String) {
        match (method, query.split('=').next().unwrap_or_default()) {
            ("GET", "tagging") => {
                let tag = format!("<Tag><Key>{TAG}</Key><Value>{PREFIX}</Value></Tag>");
                (200, format!("<Tagging><TagSet>{tag}</TagSet></Tagging>"))
            }
            ("GET", "lifecycle" | "publicAccessBlock") => (404, "<Error><Code>NoSuchKey</Code></Error>".to_owned()),
            ("GET", _) => (200, "<ListBucketResult></ListBucketResult>".to_owned()),
            _ => (200, String::new()),
        }
    }

    fn logs(operation: &str) -> Value {
        match operation {
            "DescribeLogGroups" => {
                json!({"logGroups": [{"logGroupName": "/aws/batch/job", "arn": "arn:aws:logs:x:*"}]})
            }
            "ListTagsForResource" => json!({"tags": {}}),
            _ => json!({}),
        }
    }
}

fn error(code: &str, message: &str) -> String {
    format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
}

fn ec2(action: &str, answer: &str) -> String {
    format!("<{action}Response>{answer}</{action}Response>")
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let text = String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap();
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let (path, query) = request.uri().split_once('?').unwrap_or((request.uri(), ""));
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
        let of_batch = path.rsplit_once("/v1/").map(|(_, operation)| operation.to_owned());
        let action = text.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned);
        let of_logs = target.and_then(|target| target.rsplit('.').next().map(str::to_owned));
        let of_s3 = format!("{} {query}", request.method());
        let operation = [&of_batch, &of_logs, &action].into_iter().flatten().next().unwrap_or(&of_s3).clone();
        let mut state = self.state();
        state.calls.push((operation.clone(), body.clone()));
        let planned = state.errors.get_mut(&operation).and_then(VecDeque::pop_front);
        let (status, answer) = match (planned, of_batch, of_logs, action) {
            (Some((status, code, message)), None, None, _) => (status, error(code, message)),
            (Some((status, code, message)), ..) => (status, json!({"__type": code, "message": message}).to_string()),
            (None, Some(operation), ..) => (200, state.batch(&operation, &body).to_string()),
            (None, _, Some(operation), _) => (200, State::logs(&operation).to_string()),
            (None, _, _, Some(action)) => state.form(&action, &text),
            _ => State::s3(request.method(), query),
        };
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}
