//! The inventory seam: everything that is out there under a manager's name, for somebody who wants to clean up.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Serialize, Serializer};

use crate::{Entry, Error, LaunchId, ManagerId, Result, TaskEntry, Timestamp, UnitId};

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thing {
    /// What part it plays.
    pub role: Role,
    /// What it is at the infrastructure, in its own words: `ECS task`, `security group`.
    pub what: &'static str,
    /// Its name there: what [`Inventory::delete`] goes by.
    pub name: String,
    /// The manager whose name it bears; `None` for what bears none, and is never deleted.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub manager: Option<ManagerId>,
    /// The launch that made it, if it bears its name.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub launch: Option<LaunchId>,
    /// When it was made, if the infrastructure tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether something else that was found stands on it.
    pub is_in_use: bool,
}

/// What part a thing plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It has workers in it.
    Unit,
    /// It runs, or is to run, one task or several.
    Task,
    /// Units or tasks stand on it, and it goes after the last of them.
    Temporary,
    /// It tells of something that is gone, and nothing needs it.
    Leftover,
}

/// What a manager has on record: what it has asked for, and what it has handed on.
#[derive(Clone, Debug, Default)]
pub struct OnRecord {
    /// Launches, oldest first.
    pub launches: Vec<Entry>,
    /// Tasks that run elsewhere; `None` when whoever has the record tells nothing of them.
    pub tasks: Option<Vec<TaskEntry>>,
}

impl OnRecord {
    /// Every unit that a launch is known to have brought.
    pub fn units(&self) -> impl Iterator<Item = &UnitId> {
        self.launches.iter().filter_map(|entry| entry.settled.as_ref()).flat_map(|settled| &settled.units)
    }
}

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Listing {
    /// What is there. What has ended, or is about to, is not.
    pub things: Vec<Thing>,
    /// Looks that failed: something more may be there.
    pub failed: Vec<Error>,
    /// What this infrastructure never tells, in a sentence each.
    pub notes: Vec<String>,
}

/// What an inventory is. Nothing out there is asked for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InventoryInfo {
    /// For how long a launch may be repeated, as of the provider.
    pub repeatable_for: Duration,
    /// How long a unit may be missing from a listing although it is there.
    pub list_lag: Duration,
}

/// Everything that is out there under the name of one manager.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// What this inventory is.
    fn info(&self) -> InventoryInfo;

    /// What is there, asked anew, with what `record` names. Changes nothing.
    ///
    /// # Errors
    /// When the infrastructure gave no answer at all.
    async fn list(&self, record: &OnRecord) -> Result<Listing>;

    /// The name of the thing that runs a task which is on record with this handle; `None` where it names none.
    fn runs(&self, _handle: &[u8]) -> Option<String> {
        None
    }

    /// Deletes one thing that [`Self::list`] has told, once more making sure that it bears this manager's name.
    ///
    /// # Errors
    /// When it could not be deleted, or does not bear the name. What is not there any more is no error.
    async fn delete(&self, thing: &Thing) -> Result<()>;
}

fn as_text<T: ToString, S: Serializer>(id: &Option<T>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    id.as_ref().map(ToString::to_string).serialize(serializer)
}
