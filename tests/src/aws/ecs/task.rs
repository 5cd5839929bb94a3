//! A task of ECS, as it is described.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::emulation::Unit;

/// A task as DescribeTasks tells of it.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name for every call.
    pub arn: String,
    /// The last part of its name.
    pub id: String,
    /// The cluster that it is in, by name.
    pub cluster: String,
    /// The family of its definition.
    pub family: String,
    /// Where it is on its way: `PROVISIONING` to `STOPPED`.
    pub last_status: String,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// Who started it, by his own account.
    pub started_by: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What it was given beside what its definition says: the environment of its container.
    pub environment: BTreeMap<String, String>,
    /// Why it stopped, in a word.
    pub stop_code: String,
    /// Why it stopped, in a sentence.
    pub stopped_reason: String,
    /// How its container ended.
    pub exit_code: Option<i64>,
    /// All that is told of it.
    pub description: Value,
}

/// What a task is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Desired {
    /// It is there, or on its way.
    Running,
    /// It is gone, or on its way out.
    Stopped,
}

impl Desired {
    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl Task {
    /// Reads one description.
    pub fn of(description: &Value) -> Self {
        let text = |name: &str| description[name].as_str().unwrap_or_default().to_owned();
        let arn = text("taskArn");
        let family = text("taskDefinitionArn").rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            id: arn.rsplit('/').next().unwrap_or_default().to_owned(),
            cluster: text("clusterArn").rsplit('/').next().unwrap_or_default().to_owned(),
            family: family.split(':').next().unwrap_or_default().to_owned(),
            last_status: text("lastStatus"),
            desired_status: text("desiredStatus"),
            started_by: text("startedBy"),
            tags: pairs(&description["tags"], "key"),
            environment: pairs(&description["overrides"]["containerOverrides"][0]["environment"], "name"),
            stop_code: text("stopCode"),
            stopped_reason: text("stoppedReason"),
            exit_code: description["containers"][0]["exitCode"].as_i64(),
            description: description.clone(),
            arn,
        }
    }

    /// Whether it is to run, whatever it does now.
    pub fn is_live(&self) -> bool {
        self.desired_status == Desired::Running.as_str()
    }
}

impl Unit for Task {
    fn id(&self) -> &str {
        &self.id
    }

    fn is_running(&self) -> bool {
        self.last_status == "RUNNING"
    }
}

/// A list of objects with a name and a value.
fn pairs(list: &Value, name: &str) -> BTreeMap<String, String> {
    let pair = |entry: &Value| Some((entry[name].as_str()?.to_owned(), entry["value"].as_str()?.to_owned()));
    list.as_array().into_iter().flatten().filter_map(pair).collect()
}
