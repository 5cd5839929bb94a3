//! What is out there against what is on record.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use scaler_wm_core::{Entry, InventoryInfo, Launch, ManagerId, OnRecord, Role, TaskId, Thing, Timestamp, UnitId};

/// Everything that a comparison is made of.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) manager: &'a ManagerId,
    /// Whether a process of this manager runs.
    pub(super) is_running: bool,
    pub(super) info: InventoryInfo,
    pub(super) record: &'a OnRecord,
    pub(super) things: &'a [Thing],
    /// Whether every look has succeeded: if not, something that is not there may be there all the same.
    pub(super) is_whole: bool,
    /// The thing that runs a task with this handle.
    pub(super) runs: &'a dyn Fn(&[u8]) -> Option<String>,
    /// What was deleted just now, by name.
    pub(super) deleted: &'a BTreeSet<String>,
    pub(super) now: Timestamp,
}

/// One thing that was found out there, or on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) subject: Subject,
    pub(super) state: State,
    /// Whether `--delete` takes it away.
    pub(super) can_go: bool,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Something out there.
    Thing(Thing),
    /// A launch on record.
    Launch(Launch),
    /// Tasks on record.
    Tasks(Vec<TaskId>),
}

/// How it stands with what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A manager that runs has it on record.
    Managed,
    /// It is on record, and waits for the next manager.
    Waiting,
    /// It is not on record.
    Unmanaged,
    /// It bears other tags, and is not on record: it is somebody else's.
    Foreign,
    /// Something stands on it, or a manager that runs may need it.
    InUse,
    /// Nothing stands on it, and an open launch may need it.
    Needed,
    /// Nothing stands on it.
    Unused,
    /// Nobody knows what came of a launch.
    Open {
        /// For how long it may still be repeated; `None` when it may not, or nobody needs to.
        repeatable_for: Option<Duration>,
        /// Whether it was answered with a receipt.
        has_receipt: bool,
    },
    /// It is on record, and there is nothing of it any more.
    Spent,
}

impl State {
    /// Whether somebody should know.
    pub(super) const fn is_amiss(self, is_running: bool) -> bool {
        match self {
            Self::Managed | Self::Foreign | Self::InUse | Self::Needed => false,
            Self::Waiting | Self::Unmanaged | Self::Unused | Self::Spent => true,
            // One that runs sees to it.
            Self::Open { .. } => !is_running,
        }
    }
}

/// Compares. Things come in the order in which they can be deleted: units, tasks, what they stand on, records.
pub(super) fn compare(facts: &Facts<'_>) -> Vec<Finding> {
    let launches: BTreeMap<&str, &Entry> =
        facts.record.launches.iter().map(|entry| (entry.launch.id.as_str(), entry)).collect();
    let units: BTreeSet<&str> = facts.record.units().map(UnitId::as_str).collect();
    let tasks = facts.record.tasks.iter().flatten();
    let handles = tasks.map(|task| (&task.task, task.handle.as_ref()));
    let homes: Vec<(&TaskId, Option<String>)> =
        handles.map(|(task, handle)| (task, handle.and_then(|handle| (facts.runs)(handle)))).collect();
    let running: BTreeSet<&str> = homes.iter().filter_map(|(_, home)| home.as_deref()).collect();
    let open: Vec<&Entry> = facts.record.launches.iter().filter(|entry| entry.settled.is_none()).collect();
    let may_bring = open.iter().any(|entry| !can_be_forgotten(facts, entry));

    let mut findings: Vec<Finding> = Vec::new();
    for thing in facts.things {
        let is_ours = thing.manager.as_ref() == Some(facts.manager);
        let state = match thing.role {
            Role::Unit => {
                let of_launch = thing.launch.as_ref().is_some_and(|launch| launches.contains_key(launch.as_str()));
                on_record(facts, of_launch || units.contains(thing.name.as_str()))
            }
            // What a manager that runs does not tell of may all be its own.
            Role::Task if facts.is_running && facts.record.tasks.is_none() => State::Managed,
            Role::Task => on_record(facts, running.contains(thing.name.as_str())),
            Role::Temporary if facts.is_running || thing.is_in_use => State::InUse,
            Role::Temporary if !open.is_empty() => State::Needed,
            Role::Temporary | Role::Leftover => State::Unused,
        };
        let state = if state == State::Unmanaged && !is_ours { State::Foreign } else { state };
        let is_free = match state {
            State::Waiting | State::Unmanaged | State::Unused => true,
            State::InUse | State::Needed => !facts.is_running && !may_bring,
            _ => false,
        };
        findings.push(Finding { subject: Subject::Thing(thing.clone()), state, can_go: is_free && is_ours });
    }
    findings.sort_by(|a, b| order(a).cmp(&order(b)));

    findings.extend(facts.record.launches.iter().filter_map(|entry| launch(facts, entry)));
    // What a manager that runs has on record, and nobody sees, it sees itself.
    let there: BTreeSet<&str> = facts.things.iter().map(|thing| thing.name.as_str()).collect();
    let is_gone = |home: &Option<String>| home.as_deref().is_none_or(|home| !there.contains(home));
    let spent: Vec<TaskId> = homes.iter().filter(|(_, home)| is_gone(home)).map(|(task, _)| (*task).clone()).collect();
    if !spent.is_empty() && !facts.is_running {
        findings.push(Finding { subject: Subject::Tasks(spent), state: State::Spent, can_go: facts.is_whole });
    }
    findings
}

fn on_record(facts: &Facts<'_>, is_on_record: bool) -> State {
    match (is_on_record, facts.is_running) {
        (true, true) => State::Managed,
        (true, false) => State::Waiting,
        (false, _) => State::Unmanaged,
    }
}

fn order(finding: &Finding) -> (Option<Role>, &str) {
    match &finding.subject {
        Subject::Thing(thing) => (Some(thing.role), thing.name.as_str()),
        _ => (None, ""),
    }
}

fn launch(facts: &Facts<'_>, entry: &Entry) -> Option<Finding> {
    let Entry { launch, receipt, settled, .. } = entry;
    let age = facts.now.since(launch.at);
    let can_go = can_be_forgotten(facts, entry);
    let state = if settled.is_none() {
        let repeatable_for = facts.info.repeatable_for.checked_sub(age).filter(|left| !left.is_zero());
        State::Open { repeatable_for, has_receipt: receipt.is_some() }
    } else {
        let is_of_it = |thing: &Thing| {
            let units = settled.iter().flat_map(|settled| &settled.units);
            thing.launch.as_ref() == Some(&launch.id) || units.into_iter().any(|unit| unit.as_str() == thing.name)
        };
        // Its units tell of it. And one that runs may have units that nobody else sees.
        if facts.is_running || facts.things.iter().any(is_of_it) {
            return None;
        }
        State::Spent
    };
    Some(Finding { subject: Subject::Launch(launch.clone()), state, can_go })
}

/// Whether nothing is lost with a record: nothing that it names is there, or can be about to appear.
fn can_be_forgotten(facts: &Facts<'_>, entry: &Entry) -> bool {
    let is_old = facts.now.since(entry.settled_since()) >= facts.info.list_lag;
    let were_deleted = |units: &[UnitId]| units.iter().all(|unit| facts.deleted.contains(unit.as_str()));
    let is_over = entry.settled.as_ref().is_some_and(|settled| were_deleted(&settled.units));
    facts.is_whole && !facts.is_running && (is_old || is_over)
}
