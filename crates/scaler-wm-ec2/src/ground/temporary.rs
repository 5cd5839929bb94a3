//! What a manager makes for its instances and removes at its end: key pair, security group, launch template. Their names
//! are the same in every process of a manager, and a tag tells whose they are: what a killed process left is found, used
//! again, and removed by the next.

use std::time::Duration;

use aws_sdk_ec2::{Client, types::ResourceType};
use futures_util::future::join_all;
use scaler_wm_aws::{Caller, OWNER, Request, Tries, short_hash};
use scaler_wm_core::{Chain, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};
use tracing::{debug, info};

use crate::{
    client::{filter, of_owner},
    failure::{exists, plain, removing},
    launch::{Shape, tagged},
};

/// Between two tries to remove a group that instances hold which are about to end.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A call that happens once, or rarely: it needs no pace.
pub(crate) const fn once(operation: &'static str, purpose: &'static str) -> Request<'static> {
    Request { operation, purpose, paces: &[], tries: Tries::Lost, refine: plain }
}

/// Makes and removes them.
pub(crate) struct Temporary<'a> {
    pub(crate) ec2: &'a Client,
    pub(crate) caller: &'a Caller,
    /// Whose they are.
    pub(crate) owner: &'a str,
}

impl Temporary<'_> {
    /// The name of all of them; a launch template has more to it.
    pub(crate) fn name(&self) -> String {
        self.owner.replace('/', "-")
    }

    fn tags(&self) -> Vec<(String, String)> {
        vec![(OWNER.to_owned(), self.owner.to_owned())]
    }

    /// The name of the key pair. Nobody keeps its secret half: whoever wants to log in names a key pair.
    pub(crate) async fn key_pair(&self) -> Result<String> {
        let name = self.name();
        let call = self.ec2.create_key_pair().key_name(&name);
        let call = call.tag_specifications(tagged(ResourceType::KeyPair, &self.tags()));
        let request = Request { refine: exists, ..once("CreateKeyPair", "create a key pair") };
        match self.caller.call(request, || call.clone().send()).await {
            Ok(_) => info!(key_pair = %name, "created a temporary key pair"),
            Err(error) if error.kind() == ErrorKind::Failed => debug!(key_pair = %name, "the key pair is there"),
            Err(error) => return Err(error),
        }
        Ok(name)
    }

    /// The id of the security group.
    pub(crate) async fn security_group(&self, vpc: &str) -> Result<String> {
        let name = self.name();
        let call = self.ec2.create_security_group().group_name(&name).vpc_id(vpc);
        let call = call.description("Temporary, for the instances of a scaler-wm manager");
        let call = call.tag_specifications(tagged(ResourceType::SecurityGroup, &self.tags()));
        let request = Request { refine: exists, ..once("CreateSecurityGroup", "create a security group") };
        match self.caller.call(request, || call.clone().send()).await {
            Ok(answer) => {
                info!(security_group = %name, "created a temporary security group");
                answer.group_id.ok_or_else(|| nameless("create a security group"))
            }
            Err(error) if error.kind() == ErrorKind::Failed => {
                let call = self.ec2.describe_security_groups();
                let call = call.filters(filter("group-name", [&name])).filters(filter("vpc-id", [vpc]));
                let purpose = "look for the security group";
                let answer = self.caller.call(once("DescribeSecurityGroups", purpose), || call.clone().send()).await?;
                let found = answer.security_groups().first().and_then(|group| group.group_id().map(str::to_owned));
                found.ok_or_else(|| nameless(purpose))
            }
            Err(error) => Err(error),
        }
    }

    /// The id of a launch template of this shape.
    pub(crate) async fn launch_template(&self, shape: &Shape) -> Result<String> {
        // Launches of earlier processes with other settings are repeated with the templates of then.
        let text = serde_json::to_string(shape).unwrap_or_default();
        let name = format!("{}-{}", self.name(), short_hash(&text));
        let call = shape.template(self.ec2, &name, &self.tags());
        let request = Request { refine: exists, ..once("CreateLaunchTemplate", "create a launch template") };
        let template = match self.caller.call(request, || call.clone().send()).await {
            Ok(answer) => {
                info!(launch_template = %name, "created a temporary launch template");
                answer.launch_template
            }
            Err(error) if error.kind() == ErrorKind::Failed => {
                let call = self.ec2.describe_launch_templates().launch_template_names(&name);
                let request = once("DescribeLaunchTemplates", "look for the launch template");
                let answer = self.caller.call(request, || call.clone().send()).await?;
                answer.launch_templates.unwrap_or_default().into_iter().next()
            }
            Err(error) => return Err(error),
        };
        template.and_then(|template| template.launch_template_id).ok_or_else(|| nameless("create a launch template"))
    }

    /// All of them, those of earlier processes too.
    pub(crate) async fn list(&self) -> Result<Vec<Made>> {
        let mine = of_owner(self.owner);
        let (keys, groups, templates) = tokio::try_join!(
            async {
                let call = self.ec2.describe_key_pairs().filters(mine.clone());
                let answer = self.caller.call(once("DescribeKeyPairs", "look for key pairs"), || call.clone().send());
                let keys = answer.await?.key_pairs.unwrap_or_default().into_iter();
                Ok::<_, Error>(keys.filter_map(|key| key.key_name).map(Made::KeyPair).collect::<Vec<_>>())
            },
            async {
                let call = self.ec2.describe_security_groups().filters(mine.clone());
                let request = once("DescribeSecurityGroups", "look for security groups");
                let answer = self.caller.call(request, || call.clone().send()).await?;
                let groups = answer.security_groups.unwrap_or_default().into_iter();
                Ok(groups.filter_map(|group| group.group_id).map(Made::Group).collect::<Vec<_>>())
            },
            async {
                let call = self.ec2.describe_launch_templates().filters(mine.clone());
                let request = once("DescribeLaunchTemplates", "look for launch templates");
                let answer = self.caller.call(request, || call.clone().send()).await?;
                let templates = answer.launch_templates.unwrap_or_default().into_iter();
                let ids = templates.filter_map(|template| template.launch_template_id);
                Ok(ids.map(Made::Template).collect::<Vec<_>>())
            },
        )?;
        Ok([keys, groups, templates].concat())
    }

    /// Removes all of them, those of earlier processes too. `patience`: how long to wait for instances that are about to end,
    /// and hold their group until then.
    pub(crate) async fn remove(&self, patience: Duration) -> Result<()> {
        let all = self.list().await?;
        let mut left = Vec::new();
        for (thing, outcome) in
            join_all(all.iter().map(|thing| async move { (thing, self.remove_one(thing, patience).await) })).await
        {
            match outcome {
                Ok(()) => info!(%thing, "removed what was made for instances"),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => left.push((thing, error)),
            }
        }
        let Some((_, first)) = left.first() else { return Ok(()) };
        let things: Vec<String> = left.iter().map(|(thing, _)| thing.to_string()).collect();
        let context = format!(
            "{} is left; the next manager with this id removes it, or you do: {}",
            things.join(", "),
            Chain(first)
        );
        Err(Error::new(first.kind(), "remove what was made for instances", context))
    }

    /// Removes one of them.
    pub(crate) async fn remove_one(&self, thing: &Made, patience: Duration) -> Result<()> {
        let until = Instant::now() + patience;
        let mut is_told = false;
        loop {
            let outcome = match thing {
                Made::KeyPair(name) => {
                    let call = self.ec2.delete_key_pair().key_name(name);
                    let request = once("DeleteKeyPair", "remove a key pair");
                    self.caller.call(request, || call.clone().send()).await.map(drop)
                }
                Made::Group(id) => {
                    let call = self.ec2.delete_security_group().group_id(id);
                    let request =
                        Request { refine: removing, ..once("DeleteSecurityGroup", "remove a security group") };
                    self.caller.call(request, || call.clone().send()).await.map(drop)
                }
                Made::Template(id) => {
                    let call = self.ec2.delete_launch_template().launch_template_id(id);
                    let request = once("DeleteLaunchTemplate", "remove a launch template");
                    self.caller.call(request, || call.clone().send()).await.map(drop)
                }
            };
            match outcome {
                Err(error) if error.kind() == ErrorKind::Failed && Instant::now() < until => {
                    if !std::mem::replace(&mut is_told, true) {
                        let seconds = patience.as_secs();
                        info!(%thing, at_most_seconds = seconds, "instances hold it until they have ended: waiting");
                    }
                    sleep(TRY_AGAIN_AFTER).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// One thing that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// By name.
    KeyPair(String),
    /// By id, as the following.
    Group(String),
    Template(String),
}

impl Made {
    /// What it is, in EC2's words.
    pub(crate) const fn what(&self) -> &'static str {
        match self {
            Self::KeyPair(_) => "key pair",
            Self::Group(_) => "security group",
            Self::Template(_) => "launch template",
        }
    }

    /// By which EC2 knows it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::KeyPair(name) | Self::Group(name) | Self::Template(name) => name,
        }
    }
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the {} {}", self.what(), self.name())
    }
}

fn nameless(purpose: &'static str) -> Error {
    Error::new(ErrorKind::Transient, purpose, "the answer names none")
}
