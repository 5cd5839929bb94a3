//! A job of Batch, and what else is found there, as the emulator tells it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::aws::emulation::Unit;

/// A job: a single one, a child of an array, or the parent of one, which is never run itself.
#[derive(Clone)]
pub struct Job {
    /// Its name for every call; of a child, that of its parent, a colon and its index.
    pub id: String,
    /// What it was called.
    pub name: String,
    /// `SUBMITTED` to `SUCCEEDED` or `FAILED`.
    pub status: String,
    /// Why it is in this state.
    pub status_reason: String,
    /// What is said of its container.
    pub reason: String,
    /// How its container ended.
    pub exit_code: Option<i64>,
    /// Its place in its array.
    pub index: Option<u64>,
    /// How many children it has.
    pub size: u64,
    /// Its queue.
    pub queue: String,
    /// Its definition.
    pub definition: String,
    /// What it is to put into the command of its definition.
    pub parameters: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How often it was tried.
    pub attempts: u64,
    /// Whether somebody has cancelled it.
    pub is_cancelled: bool,
    /// Whether somebody has terminated it.
    pub is_terminated: bool,
    /// Where its log is, in the log group of all jobs.
    pub log_stream: Option<String>,
}

impl Job {
    pub(super) fn of(told: &Value) -> Self {
        let optional = |name: &str| told[name].as_str().map(str::to_owned);
        let text = |name: &str| optional(name).unwrap_or_default();
        let number = |name: &str| told[name].as_u64().unwrap_or_default();
        let flag = |name: &str| told[name].as_bool().unwrap_or_default();
        Self {
            id: text("id"),
            name: text("name"),
            status: text("status"),
            status_reason: text("status_reason"),
            reason: text("reason"),
            exit_code: told["exit_code"].as_i64(),
            index: told["index"].as_u64(),
            size: number("size"),
            queue: text("queue"),
            definition: text("definition"),
            parameters: strings(&told["parameters"]),
            tags: strings(&told["tags"]),
            attempts: number("attempts"),
            is_cancelled: flag("is_cancelled"),
            is_terminated: flag("is_terminated"),
            log_stream: optional("log_stream"),
        }
    }

    /// Whether it is the parent of an array.
    pub fn is_parent(&self) -> bool {
        self.size > 0
    }

    /// The parent of a child.
    pub fn parent(&self) -> Option<&str> {
        self.id.split_once(':').map(|(parent, _)| parent)
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        ["SUCCEEDED", "FAILED"].contains(&&*self.status)
    }

    /// Whether it has ended well.
    pub fn has_succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }
}

/// Without what it is to run, which is long.
impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, status, status_reason, reason, exit_code, attempts, .. } = self;
        write!(f, "{id} ({name}) {status}, {attempts} attempts, {exit_code:?} {status_reason:?} {reason:?}")
    }
}

impl Unit for Job {
    fn id(&self) -> &str {
        &self.id
    }

    fn is_running(&self) -> bool {
        self.status == "RUNNING"
    }
}

/// An object in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its bucket.
    pub bucket: String,
    /// Its name there.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
}

impl Object {
    pub(super) fn of(told: &Value) -> Self {
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        Self { bucket: text("bucket"), key: text("key"), size: told["size"].as_u64().unwrap_or_default() }
    }
}

/// What somebody may have made in the account, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Buckets.
    pub buckets: Vec<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Profiles of instances.
    pub instance_profiles: Vec<String>,
    /// Managed policies of the account itself.
    pub policies: Vec<String>,
    /// Compute environments.
    pub compute_environments: Vec<String>,
    /// Job queues.
    pub queues: Vec<String>,
    /// Active job definitions, with their revisions.
    pub definitions: Vec<String>,
    /// Log groups.
    pub log_groups: Vec<String>,
    /// Repositories of images.
    pub repositories: Vec<String>,
    /// Security groups, without the default ones.
    pub security_groups: Vec<String>,
}

impl Made {
    pub(super) fn of(told: &Value) -> Self {
        let names = |kind: &str| {
            let list = told[kind].as_array().into_iter().flatten();
            list.filter_map(|name| name.as_str().map(str::to_owned)).collect()
        };
        Self {
            buckets: names("buckets"),
            roles: names("roles"),
            instance_profiles: names("instance_profiles"),
            policies: names("policies"),
            compute_environments: names("compute_environments"),
            queues: names("queues"),
            definitions: names("definitions"),
            log_groups: names("log_groups"),
            repositories: names("repositories"),
            security_groups: names("security_groups"),
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn strings(members: &Value) -> BTreeMap<String, String> {
    let members = members.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}
