//! The inventory seam: everything that is out there under a manager's name, for somebody who wants to clean up.

use async_trait::async_trait;
use serde::{Serialize, Serializer};

use crate::{LaunchId, ManagerId, Result, Timestamp};

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
}

/// Everything that is out there under the name of one manager.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// What is there, asked anew. Changes nothing.
    ///
    /// # Errors
    /// When the infrastructure gave no answer.
    async fn list(&self) -> Result<Vec<Thing>>;

    /// Deletes one thing that [`Self::list`] has told, once more making sure that it bears this manager's name.
    ///
    /// # Errors
    /// When it could not be deleted, or does not bear the name.
    async fn delete(&self, thing: &Thing) -> Result<()>;
}

fn as_text<T: ToString, S: Serializer>(id: &Option<T>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    id.as_ref().map(ToString::to_string).serialize(serializer)
}
