//! The part of EC2 that a provider uses, behind the SDK's HTTP seam: what no emulator has (client tokens, capacity that
//! runs out half-way, lists that lag, lost replies) is exact here.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_sdk_ec2::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
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
use scaler_wm_aws::{AwsSettings, WorkerCommand};
use scaler_wm_core::{Clock, ManagerId, Result};
use scaler_wm_ec2::{Ec2Config, Ec2Provider};
use tokio::time::Instant;

use crate::form::{Form, escaped};

/// One instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    began: Instant,
    pub(crate) state: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) kind: String,
    pub(crate) is_spot: bool,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What comes of the next calls of an operation.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// An error with this code and message; nothing is done.
    Fails(&'static str, &'static str),
    /// It is done, and the answer gets lost.
    LosesReply,
    /// So many instances start at most.
    Starts(usize),
}

#[derive(Debug, Default)]
struct State {
    instances: BTreeMap<String, Instance>,
    by_token: HashMap<String, (Form, String)>,
    script: HashMap<String, VecDeque<Next>>,
    calls: Vec<Form>,
    lag: Duration,
    key_pairs: BTreeSet<String>,
    groups: BTreeSet<String>,
    templates: BTreeMap<String, Form>,
    /// Status of the Spot requests that are not just fulfilled, by instance.
    spot: BTreeMap<String, &'static str>,
    /// Types of which there is no capacity.
    full: BTreeSet<String>,
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

    /// Lists do not know of instances that are younger.
    pub(crate) fn lag(&self, lag: Duration) {
        self.state().lag = lag;
    }

    /// There is no capacity of this type from now on.
    pub(crate) fn is_full(&self, kind: &str) {
        self.state().full.insert(kind.to_owned());
    }

    /// All calls of `operation` so far.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Form> {
        self.state().calls.iter().filter(|call| call.get("Action") == operation).cloned().collect()
    }

    /// Every operation that was called so far, in order.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.state().calls.iter().map(|call| call.get("Action").to_owned()).collect()
    }

    /// The instances that run.
    pub(crate) fn running(&self) -> Vec<String> {
        let state = self.state();
        state.instances.iter().filter(|(_, instance)| instance.state == "running").map(|(id, _)| id.clone()).collect()
    }

    /// One instance.
    pub(crate) fn instance(&self, id: &str) -> Instance {
        self.state().instances[id].clone()
    }

    /// Changes an instance.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Instance)) {
        change(self.state().instances.get_mut(id).unwrap());
    }

    /// An instance shuts itself down.
    pub(crate) fn kill(&self, id: &str) {
        self.change(id, |instance| {
            (instance.state, instance.reason) = ("terminated", "Client.InstanceInitiatedShutdown");
        });
    }

    /// Spot is about to take an instance, or has taken it.
    pub(crate) fn spot_says(&self, id: &str, status: &'static str) {
        self.state().spot.insert(id.to_owned(), status);
    }

    /// Key pairs, groups and launch templates that are there.
    pub(crate) fn temporary(&self) -> [usize; 3] {
        let state = self.state();
        [state.key_pairs.len(), state.groups.len(), state.templates.len()]
    }

    /// Somebody removes every key pair and group.
    pub(crate) fn lose_temporary(&self) {
        let mut state = self.state();
        state.key_pairs.clear();
        state.groups.clear();
    }

    /// A provider at this service.
    pub(crate) async fn provider(&self, change: impl FnOnce(&mut Ec2Config)) -> Result<Ec2Provider> {
        let address = "tcp://10.0.0.1:8516".parse().unwrap();
        let workers = WorkerCommand::new(address, ManagerId::from("m1"), 1.try_into().unwrap());
        let mut config = Ec2Config::new(AwsSettings::new("us-east-1"), "ami-1", workers);
        config.types = vec!["c5.large".to_owned()];
        change(&mut config);
        let ec2 = aws_sdk_ec2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        Ec2Provider::start_with(config, Client::from_conf(ec2), Clock::system()).await
    }
}

type Answer = std::result::Result<String, (&'static str, String)>;

impl State {
    fn call(&mut self, form: &Form) -> Option<Answer> {
        self.calls.push(form.clone());
        match self.script.get_mut(form.get("Action")).and_then(VecDeque::pop_front) {
            Some(Next::Fails(code, message)) => Some(Err((code, message.to_owned()))),
            Some(Next::LosesReply) => {
                let _ = self.answer(form, usize::MAX);
                None
            }
            Some(Next::Starts(count)) => Some(self.answer(form, count)),
            None => Some(self.answer(form, usize::MAX)),
        }
    }

    fn answer(&mut self, form: &Form, most: usize) -> Answer {
        match form.get("Action") {
            "DescribeInstanceTypes" => types(form),
            "DescribeVpcs" => Ok("<vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet>".to_owned()),
            "DescribeSubnets" => {
                let asked = form.list("SubnetId");
                let subnets = if asked.is_empty() { vec!["subnet-0".to_owned()] } else { asked };
                let vpc = |subnet: &str| if subnet.starts_with("other") { "vpc-2" } else { "vpc-1" };
                let item = |subnet: &String| {
                    format!("<item><subnetId>{subnet}</subnetId><vpcId>{}</vpcId></item>", vpc(subnet))
                };
                Ok(format!("<subnetSet>{}</subnetSet>", subnets.iter().map(item).collect::<String>()))
            }
            "DescribeImages" => Ok(images(form)),
            "CreateKeyPair" => {
                let name = form.get("KeyName");
                if !self.key_pairs.insert(name.to_owned()) {
                    return Err(("InvalidKeyPair.Duplicate", "it is there".to_owned()));
                }
                Ok(format!("<keyName>{name}</keyName><keyMaterial>hush</keyMaterial>"))
            }
            "CreateSecurityGroup" => {
                if !self.groups.insert(form.get("GroupName").to_owned()) {
                    return Err(("InvalidGroup.Duplicate", "it is there".to_owned()));
                }
                Ok("<groupId>sg-1</groupId>".to_owned())
            }
            "CreateLaunchTemplate" => {
                let name = form.get("LaunchTemplateName");
                if self.templates.contains_key(name) {
                    return Err(("InvalidLaunchTemplateName.AlreadyExistsException", "it is there".to_owned()));
                }
                self.templates.insert(name.to_owned(), form.clone());
                Ok("<launchTemplate><launchTemplateId>lt-1</launchTemplateId></launchTemplate>".to_owned())
            }
            "DescribeKeyPairs" => {
                let item = |name: &String| format!("<item><keyName>{name}</keyName></item>");
                Ok(format!("<keySet>{}</keySet>", self.key_pairs.iter().map(item).collect::<String>()))
            }
            "DescribeSecurityGroups" => {
                let item = |_: &String| "<item><groupId>sg-1</groupId></item>".to_owned();
                Ok(format!(
                    "<securityGroupInfo>{}</securityGroupInfo>",
                    self.groups.iter().map(item).collect::<String>()
                ))
            }
            "DescribeLaunchTemplates" => {
                let item = |_: &String| "<item><launchTemplateId>lt-1</launchTemplateId></item>".to_owned();
                Ok(format!(
                    "<launchTemplates>{}</launchTemplates>",
                    self.templates.keys().map(item).collect::<String>()
                ))
            }
            "DeleteKeyPair" => {
                self.key_pairs.remove(form.get("KeyName"));
                Ok(String::new())
            }
            "DeleteSecurityGroup" => {
                if self.instances.values().any(|instance| instance.state != "terminated") {
                    return Err(("DependencyViolation", "an instance has it".to_owned()));
                }
                self.groups.clear();
                Ok(String::new())
            }
            "DeleteLaunchTemplate" => {
                self.templates.clear();
                Ok(String::new())
            }
            "RunInstances" => self.run(form, most),
            "CreateFleet" => self.fleet(form, most),
            "DescribeInstances" => Ok(self.describe(form)),
            "DescribeSpotInstanceRequests" => Ok(self.spot(form)),
            "CreateTags" => {
                for id in form.list("ResourceId") {
                    let tags = &mut self.instances.get_mut(&id).unwrap().tags;
                    tags.insert(form.get("Tag.1.Key").to_owned(), form.get("Tag.1.Value").to_owned());
                }
                Ok(String::new())
            }
            "TerminateInstances" => {
                let ids = form.list("InstanceId");
                let missing: Vec<&String> = ids.iter().filter(|id| !self.instances.contains_key(*id)).collect();
                if !missing.is_empty() {
                    let message = format!("The instance IDs '{missing:?}' do not exist");
                    return Err(("InvalidInstanceID.NotFound", message));
                }
                for id in &ids {
                    let instance = self.instances.get_mut(id).unwrap();
                    (instance.state, instance.reason) = ("terminated", "Client.UserInitiatedShutdown");
                }
                Ok(String::new())
            }
            other => panic!("{other} is not part of this service"),
        }
    }

    /// The answer of an earlier call with the same token, or what `make` makes now.
    fn once(&mut self, form: &Form, make: impl FnOnce(&mut Self) -> Answer) -> Answer {
        let token = form.get("ClientToken").to_owned();
        if let Some((first, answer)) = self.by_token.get(&token) {
            return if first == form {
                Ok(answer.clone())
            } else {
                Err(("IdempotentParameterMismatch", "another request".to_owned()))
            };
        }
        let answer = make(self)?;
        self.by_token.insert(token, (form.clone(), answer.clone()));
        Ok(answer)
    }

    fn start(&mut self, kind: &str, is_spot: bool, tags: &BTreeMap<String, String>) -> String {
        let id = format!("i-{:017x}", self.instances.len() + 1);
        let instance = Instance {
            began: Instant::now(),
            state: "running",
            reason: "",
            kind: kind.to_owned(),
            is_spot,
            tags: tags.clone(),
        };
        self.instances.insert(id.clone(), instance);
        id
    }

    fn run(&mut self, form: &Form, most: usize) -> Answer {
        let kind = form.get("InstanceType").to_owned();
        for (key, there) in [
            ("KeyName", self.key_pairs.contains(form.get("KeyName"))),
            ("NetworkInterface.1.SecurityGroupId.1", !self.groups.is_empty()),
        ] {
            if form.get(key).starts_with("scaler-wm") && !there {
                return Err(("InvalidKeyPair.NotFound", format!("{key} is not there")));
            }
        }
        self.once(form, |state| {
            if state.full.contains(&kind) {
                return Err(("InsufficientInstanceCapacity", "there is none left".to_owned()));
            }
            let count = most.min(form.get("MaxCount").parse().unwrap());
            let tags = form.tags("instance");
            let is_spot = form.get("InstanceMarketOptions.MarketType") == "spot";
            let ids: Vec<String> = (0..count).map(|_| state.start(&kind, is_spot, &tags)).collect();
            let items: String = ids.iter().map(|id| item(id, &state.instances[id])).collect();
            Ok(format!("<instancesSet>{items}</instancesSet>"))
        })
    }

    fn fleet(&mut self, form: &Form, most: usize) -> Answer {
        self.once(form, |state| {
            let asked: usize = form.get("TargetCapacitySpecification.TotalTargetCapacity").parse().unwrap();
            let is_spot = form.get("TargetCapacitySpecification.DefaultTargetCapacityType") == "spot";
            let prefix = "LaunchTemplateConfigs.1.Overrides";
            let kinds: Vec<String> =
                (1..).map_while(|index| form.maybe(&format!("{prefix}.{index}.InstanceType"))).collect();
            let full = state.full.clone();
            let has = |kind: &&String| !full.contains(*kind);
            let (kind, count) = match kinds.iter().find(has) {
                Some(kind) => (kind.clone(), asked.min(most)),
                None => (String::new(), 0),
            };
            let tags = form.tags("instance");
            let ids: Vec<String> = (0..count).map(|_| state.start(&kind, is_spot, &tags)).collect();
            let ids: String = ids.iter().map(|id| format!("<item>{id}</item>")).collect();
            let error = |kind: &String| {
                format!("<item><errorCode>InsufficientInstanceCapacity</errorCode><errorMessage>no {kind}</errorMessage></item>")
            };
            let errors: String = kinds.iter().filter(|kind| !has(kind)).map(error).collect();
            Ok(format!(
                "<fleetId>fleet-1</fleetId><fleetInstanceSet><item><instanceIds>{ids}</instanceIds></item></fleetInstanceSet>\
                 <errorSet>{errors}</errorSet>"
            ))
        })
    }

    fn describe(&self, form: &Form) -> String {
        let (name, values) = (form.get("Filter.1.Name"), form.list("Filter.1.Value"));
        let is_meant = |id: &String, instance: &Instance| {
            instance.began.elapsed() >= self.lag
                && match name.strip_prefix("tag:") {
                    Some(tag) => instance.tags.get(tag).is_some_and(|value| values.contains(value)),
                    None => values.contains(id),
                }
        };
        let from: usize = form.get("NextToken").parse().unwrap_or(0);
        let page: usize = form.get("MaxResults").parse().unwrap();
        let all: Vec<_> = self.instances.iter().filter(|(id, instance)| is_meant(id, instance)).collect();
        let items: String = all.iter().skip(from).take(page).map(|(id, instance)| item(id, instance)).collect();
        let next = from + page;
        let next = if next < all.len() { format!("<nextToken>{next}</nextToken>") } else { String::new() };
        format!("<reservationSet><item><instancesSet>{items}</instancesSet></item></reservationSet>{next}")
    }

    fn spot(&self, form: &Form) -> String {
        let item = |request: &String| {
            let status = self.spot.get(&request.replace("sir-", "i-")).copied().unwrap_or("fulfilled");
            format!(
                "<item><spotInstanceRequestId>{request}</spotInstanceRequestId><status><code>{status}</code></status></item>"
            )
        };
        let items: String = form.list("Filter.1.Value").iter().map(item).collect();
        format!("<spotInstanceRequestSet>{items}</spotInstanceRequestSet>")
    }
}

fn item(id: &str, instance: &Instance) -> String {
    let tag = |(key, value): (&String, &String)| {
        format!("<item><key>{}</key><value>{}</value></item>", escaped(key), escaped(value))
    };
    let tags: String = instance.tags.iter().map(tag).collect();
    let spot = if instance.is_spot {
        format!("<spotInstanceRequestId>{}</spotInstanceRequestId>", id.replace("i-", "sir-"))
    } else {
        String::new()
    };
    format!(
        "<item><instanceId>{id}</instanceId><instanceState><name>{}</name></instanceState><stateReason><code>{}</code>\
         </stateReason><instanceType>{}</instanceType>{spot}<tagSet>{tags}</tagSet></item>",
        instance.state, instance.reason, instance.kind
    )
}

fn types(form: &Form) -> Answer {
    let mut items = String::new();
    for kind in form.list("InstanceType") {
        let (cpus, architecture) = match kind.as_str() {
            "t2.micro" => (1, "x86_64"),
            "c5.large" | "c6i.large" => (2, "x86_64"),
            "c5.xlarge" => (4, "x86_64"),
            "c7g.large" => (2, "arm64"),
            _ => {
                return Err((
                    "InvalidInstanceType",
                    format!("The following supplied instance types do not exist: [{kind}]"),
                ));
            }
        };
        items.push_str(&format!(
            "<item><instanceType>{kind}</instanceType><vCpuInfo><defaultVCpus>{cpus}</defaultVCpus></vCpuInfo><processorInfo>\
             <supportedArchitectures><item>{architecture}</item></supportedArchitectures></processorInfo></item>"
        ));
    }
    Ok(format!("<instanceTypeSet>{items}</instanceTypeSet>"))
}

fn images(form: &Form) -> String {
    let given = form.list("ImageId");
    let image = |id: &str, made: &str| {
        format!(
            "<item><imageId>{id}</imageId><creationDate>{made}</creationDate><rootDeviceName>/dev/sda1</rootDeviceName></item>"
        )
    };
    let items = if given.is_empty() {
        assert!(form.get("Filter.1.Value.1").starts_with("al2023-ami-2023.*-kernel-*-"));
        let arm = if form.get("Filter.1.Value.1").ends_with("arm64") { "-arm" } else { "" };
        format!(
            "{}{}{}",
            image("ami-old", "2024-01-01T00:00:00.000Z"),
            image(&format!("ami-new{arm}"), "2026-01-01T00:00:00.000Z"),
            image("ami-older", "2023-01-01T00:00:00.000Z")
        )
    } else {
        given.iter().map(|id| image(id, "2025-01-01T00:00:00.000Z")).collect()
    };
    format!("<imagesSet>{items}</imagesSet>")
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let form = Form::parse(std::str::from_utf8(request.body().bytes().unwrap()).unwrap());
        let answer = self.state().call(&form);
        let action = form.get("Action");
        HttpConnectorFuture::ready(match answer {
            Some(Ok(body)) => {
                let body = format!("<{action}Response>{body}</{action}Response>");
                Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body)))
            }
            Some(Err((code, message))) => {
                let body = format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors></Response>",
                    escaped(&message)
                );
                Ok(HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body)))
            }
            None => Err(ConnectorError::io("the answer got lost".into())),
        })
    }
}

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}
