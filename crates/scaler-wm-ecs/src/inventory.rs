//! What is out there under a manager's name: tasks. Cluster, task definition and role are no leftovers: the next manager
//! needs them, and so may others.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ecs::{Client, types::Task};
use scaler_wm_aws::{Caller, Calls, MANAGER, Tags, value_of};
use scaler_wm_core::{
    Error, ErrorKind, Inventory, InventoryInfo, Listing, ManagerId, OnRecord, Result, Role, Thing, Timestamp, UnitId,
    UnitState,
};

use crate::{
    EcsConfig,
    client::EcsClient,
    provider::{LIST_LAG, REPEATABLE_FOR},
    task::{millis, state},
};

/// The tasks of a manager.
#[derive(Debug)]
pub struct EcsInventory {
    manager: ManagerId,
    cluster: String,
    started_by: String,
    client: EcsClient,
}

impl EcsInventory {
    /// That of the manager that this configuration is for. Nothing is called so far.
    pub async fn open(config: EcsConfig) -> Self {
        let sdk = config.aws.load().await;
        Self::with_client(&config, Client::new(&sdk))
    }

    /// The same with a client that is there already.
    #[must_use]
    pub fn with_client(config: &EcsConfig, ecs: Client) -> Self {
        Self {
            manager: config.workers.manager.clone(),
            cluster: config.cluster.clone(),
            started_by: config.workers.owner(),
            client: EcsClient::new(ecs, Caller::new(Calls::default()), &config.paces),
        }
    }

    /// What is still there of these tasks. One that is about to end is none.
    async fn look(&self, arns: &[String]) -> Result<Vec<Thing>> {
        let note = |tasks: &[Task]| tasks.iter().filter_map(|task| self.thing(task)).collect();
        Ok(self.client.describe(&self.cluster, arns, note).await?.units)
    }

    fn thing(&self, task: &Task) -> Option<Thing> {
        if !matches!(state(task), UnitState::Starting | UnitState::Running) {
            return None;
        }
        let tags = || task.tags().iter().filter_map(|tag| tag.key().zip(tag.value()));
        // By the tag alone: what was started for an earlier address of the scheduler is on record under its own name.
        let is_ours = tags().any(|tag| tag == (MANAGER, &value_of(self.manager.as_str())));
        Some(Thing {
            role: Role::Unit,
            what: "ECS task",
            name: task.task_arn()?.to_owned(),
            manager: is_ours.then(|| self.manager.clone()),
            launch: Tags::read(tags()).0,
            since: task.created_at().map(|at| Timestamp::from_millis(millis(at))),
            is_in_use: false,
        })
    }
}

#[async_trait]
impl Inventory for EcsInventory {
    fn info(&self) -> InventoryInfo {
        InventoryInfo { repeatable_for: REPEATABLE_FOR, list_lag: LIST_LAG }
    }

    async fn list(&self, record: &OnRecord) -> Result<Listing> {
        let mut arns: BTreeSet<String> = self.client.list(&self.cluster, &self.started_by).await?.into_iter().collect();
        arns.extend(record.units().map(ToString::to_string));
        let arns: Vec<String> = arns.into_iter().collect();
        Ok(Listing { things: self.look(&arns).await?, ..Listing::default() })
    }

    async fn delete(&self, thing: &Thing) -> Result<()> {
        let name = &thing.name;
        // One that is not there any more needs no end.
        let Some(found) = self.look(std::slice::from_ref(name)).await?.pop() else { return Ok(()) };
        if found.manager.is_none() {
            let context = format!("{name} does not bear the tags of this manager");
            return Err(Error::new(ErrorKind::Denied, "stop a task", context));
        }
        let answers = self.client.stop(&self.cluster, &[UnitId::from(name.as_str())]).await;
        answers.into_iter().try_for_each(|(_, answer)| match answer {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}
