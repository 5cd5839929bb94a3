//! What the service has, and what it answers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    answers::{images, is_meant, item, types},
    form::Form,
};

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

/// What is there, and what was asked.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) instances: BTreeMap<String, Instance>,
    by_token: HashMap<String, (Form, String)>,
    pub(crate) script: HashMap<String, VecDeque<Next>>,
    pub(crate) calls: Vec<Form>,
    pub(crate) lag: Duration,
    pub(crate) key_pairs: BTreeSet<String>,
    /// Ids by names.
    pub(crate) groups: BTreeMap<String, String>,
    /// Ids and the calls that made them by names.
    pub(crate) templates: BTreeMap<String, (String, Form)>,
    /// Groups and launch templates that were ever made.
    made: [usize; 2],
    /// Status of the Spot requests that are not just fulfilled, by instance.
    pub(crate) spot: BTreeMap<String, &'static str>,
    /// Types of which there is no capacity.
    pub(crate) full: BTreeSet<String>,
}

pub(crate) type Answer = Result<String, (&'static str, String)>;

impl State {
    pub(crate) fn call(&mut self, form: &Form) -> Option<Answer> {
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
                let name = form.get("GroupName").to_owned();
                if self.groups.contains_key(&name) {
                    return Err(("InvalidGroup.Duplicate", "it is there".to_owned()));
                }
                self.made[0] += 1;
                let id = format!("sg-{}", self.made[0]);
                self.groups.insert(name, id.clone());
                Ok(format!("<groupId>{id}</groupId>"))
            }
            "CreateLaunchTemplate" => {
                let name = form.get("LaunchTemplateName");
                if self.templates.contains_key(name) {
                    return Err(("InvalidLaunchTemplateName.AlreadyExistsException", "it is there".to_owned()));
                }
                self.made[1] += 1;
                let id = format!("lt-{}", self.made[1]);
                self.templates.insert(name.to_owned(), (id.clone(), form.clone()));
                Ok(format!("<launchTemplate><launchTemplateId>{id}</launchTemplateId></launchTemplate>"))
            }
            "DescribeKeyPairs" => {
                let item = |name: &String| format!("<item><keyName>{name}</keyName></item>");
                let meant = self.key_pairs.iter().filter(|name| is_meant(form, name));
                Ok(format!("<keySet>{}</keySet>", meant.map(item).collect::<String>()))
            }
            "DescribeSecurityGroups" => {
                let item = |(_, id): (&String, &String)| format!("<item><groupId>{id}</groupId></item>");
                let meant = self.groups.iter().filter(|(name, _)| is_meant(form, name));
                Ok(format!("<securityGroupInfo>{}</securityGroupInfo>", meant.map(item).collect::<String>()))
            }
            "DescribeLaunchTemplates" => {
                let meant = self.templates.iter().filter(|(name, _)| is_meant(form, name));
                let item = |(_, (id, _)): (_, &(String, Form))| {
                    format!("<item><launchTemplateId>{id}</launchTemplateId></item>")
                };
                Ok(format!("<launchTemplates>{}</launchTemplates>", meant.map(item).collect::<String>()))
            }
            "DeleteKeyPair" => {
                self.key_pairs.remove(form.get("KeyName"));
                Ok(String::new())
            }
            "DeleteSecurityGroup" => {
                if self.instances.values().any(|instance| instance.state != "terminated") {
                    return Err(("DependencyViolation", "an instance has it".to_owned()));
                }
                self.groups.retain(|_, id| id != form.get("GroupId"));
                Ok(String::new())
            }
            "DeleteLaunchTemplate" => {
                self.templates.retain(|_, (id, _)| id != form.get("LaunchTemplateId"));
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

    /// Refuses what names a key pair or a group that is not there: one of our making that was removed, or one that is
    /// mistyped.
    fn lost(&self, form: &Form, prefix: &str) -> Answer {
        let key = form.get(&format!("{prefix}KeyName"));
        if key.ends_with("typo") || (key.starts_with("scaler-wm") && !self.key_pairs.contains(key)) {
            return Err(("InvalidKeyPair.NotFound", format!("The key pair '{key}' does not exist")));
        }
        let is_lost = |id: &String| {
            let made = id.strip_prefix("sg-").and_then(|number| number.parse().ok());
            let was_made = made.is_some_and(|number: usize| number <= self.made[0]);
            id.ends_with("typo") || (was_made && !self.groups.values().any(|there| there == id))
        };
        let groups = form.list(&format!("{prefix}NetworkInterface.1.SecurityGroupId"));
        match groups.into_iter().find(is_lost) {
            Some(id) => Err(("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"))),
            None => Ok(String::new()),
        }
    }

    fn run(&mut self, form: &Form, most: usize) -> Answer {
        let kind = form.get("InstanceType").to_owned();
        self.lost(form, "")?;
        if form.get("LaunchTemplate.LaunchTemplateId").ends_with("typo") {
            return Err(("InvalidLaunchTemplateId.NotFound", "it is not there".to_owned()));
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
        let wanted = form.get("LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId");
        let Some((_, template)) = self.templates.values().find(|(id, _)| id == wanted).cloned() else {
            return Err(("InvalidLaunchTemplateId.NotFound", "it is not there".to_owned()));
        };
        self.once(form, |state| {
            // What a template names is found to be missing when instances start: the call itself is good.
            if let Err((code, message)) = state.lost(&template, "LaunchTemplateData.") {
                return Ok(format!(
                    "<fleetId>fleet-1</fleetId><fleetInstanceSet/><errorSet><item><errorCode>{code}</errorCode>\
                     <errorMessage>{message}</errorMessage></item></errorSet>"
                ));
            }
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
