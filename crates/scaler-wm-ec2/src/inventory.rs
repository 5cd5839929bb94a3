//! What is out there under a manager's name: instances, and what was made for them.

use std::collections::HashSet;

use async_trait::async_trait;
use aws_sdk_ec2::{Client, types::Instance};
use scaler_wm_aws::{Caller, Calls, MANAGER, OWNER, Tags, value_of};
use scaler_wm_core::{
    Error, ErrorKind, Inventory, InventoryInfo, Listing, ManagerId, OnRecord, Result, Role, Thing, Timestamp, UnitId,
};

use crate::{
    Ec2Config,
    client::Ec2Client,
    ground::{Owners, Temporary},
    instance::{is_stopped, is_up},
    provider::{HELD_WITHIN, LIST_LAG, REPEATABLE_FOR},
};

/// The tag that EC2 itself puts on instances of fleets.
const TEMPLATE: &str = "aws:ec2launchtemplate:id";

/// The instances of a manager, its key pair, security group and launch templates, under every address that its scheduler
/// has had.
#[derive(Debug)]
pub struct Ec2Inventory {
    manager: ManagerId,
    owners: Owners,
    client: Ec2Client,
}

/// An instance that is there, and what it stands on.
struct Standing {
    thing: Thing,
    on: Vec<String>,
}

impl Ec2Inventory {
    /// That of the manager that this configuration is for. Nothing is called so far.
    pub async fn open(config: Ec2Config) -> Self {
        let sdk = config.aws.load().await;
        Self::with_client(&config, Client::new(&sdk))
    }

    /// The same with a client that is there already.
    #[must_use]
    pub fn with_client(config: &Ec2Config, ec2: Client) -> Self {
        let owners = Owners::look(config.state_folder.as_deref(), &config.aws.region, config.workers.owner());
        let client = Ec2Client::new(ec2, Caller::new(Calls::default()), &config.paces, false);
        Self { manager: config.workers.manager.clone(), owners, client }
    }

    fn temporary<'a>(&'a self, owner: &'a str) -> Temporary<'a> {
        Temporary { ec2: self.client.ec2(), caller: self.client.caller(), owner }
    }

    /// What is still there of these instances. One that is about to end is none.
    fn standing(&self, instances: &[Instance], owners: &[String]) -> Vec<Standing> {
        let there = instances.iter().filter(|instance| is_up(instance) || is_stopped(instance));
        there.filter_map(|instance| self.one_standing(instance, owners)).collect()
    }

    fn one_standing(&self, instance: &Instance, owners: &[String]) -> Option<Standing> {
        let tag = |name: &str| instance.tags().iter().find(|tag| tag.key() == Some(name)).and_then(|tag| tag.value());
        let is_ours = tag(OWNER).is_some_and(|owner| owners.iter().any(|ours| ours == owner))
            && tag(MANAGER) == Some(&value_of(self.manager.as_str()));
        let pairs = instance.tags().iter().filter_map(|tag| tag.key().zip(tag.value()));
        let since = instance.launch_time().and_then(|at| u64::try_from(at.to_millis().ok()?).ok());
        let interfaces = instance.network_interfaces().iter().flat_map(|interface| interface.groups());
        let groups = instance.security_groups().iter().chain(interfaces).filter_map(|group| group.group_id());
        let on = groups.chain(instance.key_name()).chain(tag(TEMPLATE)).map(str::to_owned).collect();
        let thing = Thing {
            role: Role::Unit,
            what: "EC2 instance",
            name: instance.instance_id()?.to_owned(),
            manager: is_ours.then(|| self.manager.clone()),
            launch: Tags::read(pairs).0,
            since: since.map(Timestamp::from_millis),
            is_in_use: false,
        };
        Some(Standing { thing, on })
    }

    async fn delete_instance(&self, id: &str) -> Result<()> {
        let owners = self.owners.all()?;
        let found = self.client.ask(&[id.to_owned()], |instances| self.standing(&instances, &owners)).await?;
        // One that is not there any more needs no end.
        let Some(Standing { thing, .. }) = found.into_iter().next() else { return Ok(()) };
        if thing.manager.is_none() {
            return Err(strange(id));
        }
        let answers = self.client.terminate(&[UnitId::from(id)]).await;
        answers.into_iter().try_for_each(|(_, answer)| gone(answer.map(drop)))
    }

    async fn delete_made(&self, thing: &Thing) -> Result<()> {
        for owner in self.owners.all()? {
            let temporary = self.temporary(&owner);
            let all = temporary.list().await?;
            if let Some(made) = all.iter().find(|made| made.what() == thing.what && made.name() == thing.name) {
                return gone(temporary.remove_one(made, HELD_WITHIN).await);
            }
        }
        // It is not there, or not ours any more: either way there is nothing to be done here.
        Ok(())
    }
}

#[async_trait]
impl Inventory for Ec2Inventory {
    fn info(&self) -> InventoryInfo {
        InventoryInfo { repeatable_for: REPEATABLE_FOR, list_lag: LIST_LAG }
    }

    async fn list(&self, record: &OnRecord) -> Result<Listing> {
        let owners = self.owners.all()?;
        let mut standing: Vec<Standing> = Vec::new();
        for owner in &owners {
            standing.extend(self.client.list(owner, |instances| self.standing(&instances, &owners)).await?);
        }
        let listed: HashSet<&str> = standing.iter().map(|standing| standing.thing.name.as_str()).collect();
        let units = record.units().map(UnitId::as_str).filter(|unit| !listed.contains(unit));
        let unlisted: Vec<String> = units.map(str::to_owned).collect();
        standing.extend(self.client.ask(&unlisted, |instances| self.standing(&instances, &owners)).await?);

        let mut listing = Listing::default();
        for owner in &owners {
            match self.temporary(owner).list().await {
                Ok(made) => listing.things.extend(made.iter().map(|made| Thing {
                    role: Role::Temporary,
                    what: made.what(),
                    name: made.name().to_owned(),
                    manager: Some(self.manager.clone()),
                    launch: None,
                    since: None,
                    is_in_use: standing.iter().any(|standing| standing.on.iter().any(|on| on == made.name())),
                })),
                Err(error) => listing.failed.push(error),
            }
        }
        listing.things.extend(standing.into_iter().map(|standing| standing.thing));
        Ok(listing)
    }

    async fn delete(&self, thing: &Thing) -> Result<()> {
        match thing.role {
            Role::Unit => self.delete_instance(&thing.name).await,
            Role::Task | Role::Leftover => Err(strange(&thing.name)),
            Role::Temporary => self.delete_made(thing).await,
        }
    }
}

/// What is not there any more was not to be there.
fn gone(outcome: Result<()>) -> Result<()> {
    outcome.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn strange(name: &str) -> Error {
    Error::new(ErrorKind::Denied, "delete what was found", format!("{name} does not bear the tags of this manager"))
}
