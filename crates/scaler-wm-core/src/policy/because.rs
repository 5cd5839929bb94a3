//! What was decided, and why: the same data for logs, `explain` and JSON.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{Capabilities, Limit, ManagerId, Request, Wish};

/// What is to be asked of one manager.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The manager.
    pub manager: ManagerId,
    /// What was decided, and why.
    pub because: Because,
}

impl Decision {
    /// The command for the manager; `None` if it gets none.
    #[must_use]
    pub fn requests(&self) -> Option<Vec<Request>> {
        match &self.because.verdict {
            Verdict::Silent(_) => None,
            Verdict::Asks(parts) => {
                let request =
                    |part: &Part| Request { task_concurrency: part.asked(), capabilities: part.capabilities.clone() };
                Some(parts.iter().map(request).collect())
            }
        }
    }
}

impl Decision {
    /// What the manager is to do; `None` if it gets no command.
    #[must_use]
    pub fn wish(&self) -> Option<Wish> {
        let requests = self.requests()?;
        Some(if self.has_cap(CapSource::BudgetEnds) { Wish::Spare(requests) } else { Wish::Follow(requests) })
    }

    /// Whether this is what limits some of it.
    #[must_use]
    pub fn has_cap(&self, source: CapSource) -> bool {
        let Verdict::Asks(parts) = &self.because.verdict else { return false };
        parts.iter().any(|part| part.cap.is_some_and(|cap| cap.source == source))
    }
}

/// The facts of a decision, and what the policy made of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Because {
    /// The policy's name.
    pub policy: &'static str,
    /// Tasks known to the scheduler.
    pub tasks: u64,
    /// Connected workers, of whichever manager.
    pub workers: u64,
    /// Connected workers of this manager.
    pub connected: u64,
    /// What the policy made of it.
    pub verdict: Verdict,
}

/// What a policy makes of the facts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The manager gets no command.
    Silent(Silence),
    /// It is asked for these, one request each.
    Asks(Vec<Part>),
}

/// Why a manager gets no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// The policy asks nothing of anybody.
    NeverAsks,
    /// The policy has no rule for this manager.
    NoRule,
}

/// One request, and how it came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What the work needs.
    pub capabilities: Capabilities,
    /// Tasks that count for it.
    pub demand: u64,
    /// The rule that applied.
    pub reason: Reason,
    /// Task concurrency wanted, before other managers and caps.
    pub wanted: u64,
    /// Managers that come first, and what they leave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<Passed>,
    /// The most that may be asked; none where there is no limit.
    pub cap: Option<Cap>,
}

/// Which rule applied.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// There is no task.
    NoTasks,
    /// There are tasks and no worker anywhere: one more.
    NoWorkers,
    /// More tasks per worker than `above`: one more than is connected.
    Backlog {
        /// Tasks per worker.
        ratio: f64,
        /// The bound.
        above: u64,
    },
    /// Fewer tasks per worker than `below`: one worker for `per_worker` tasks.
    Slack {
        /// Tasks per worker.
        ratio: f64,
        /// The bound.
        below: u64,
        /// Tasks that one worker is to have.
        per_worker: u64,
    },
    /// Neither: what is connected stays.
    Steady {
        /// Tasks per worker.
        ratio: f64,
    },
    /// One worker for `per_worker` tasks.
    Share {
        /// Tasks that one worker is to have.
        per_worker: u64,
    },
    /// So many workers that a new task waits no longer than the target, by the work that waits.
    Wait {
        /// How long a task takes, by those that ended last.
        task_seconds: f64,
        /// How long a unit takes to start, at the 95th percentile.
        start_seconds: f64,
        /// How long a new task may wait.
        target_seconds: f64,
        /// Connected workers that can do this work.
        connected: u64,
    },
    /// There is no task, but a manager that is emptied before this one still has workers: what is connected stays.
    Hold {
        /// That manager.
        until_gone: ManagerId,
    },
}

/// A manager that comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The manager.
    pub manager: ManagerId,
    /// The most that it is given.
    pub cap: i64,
    /// What is left after it.
    pub leaves: u64,
}

/// The most that may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cap {
    /// Task concurrency. A number below 0 asks for nothing.
    pub value: i64,
    /// Who says so.
    pub source: CapSource,
}

/// Who says how much may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapSource {
    /// The manager's heartbeat.
    Manager,
    /// The policy's rule.
    Rule,
    /// The policy's budget: no more is launched.
    Budget,
    /// The policy's budget for a day, of which little is left: what there is leaves as its tasks end.
    BudgetEnds,
}

impl Cap {
    /// The cap of a manager that may run so much.
    #[must_use]
    pub fn of(limit: Limit) -> Option<Self> {
        match limit {
            Limit::Unlimited => None,
            Limit::AtMost(limit) => Some(Self { value: i64::from(limit), source: CapSource::Manager }),
        }
    }
}

impl Part {
    /// What is left for this manager after those that come first.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.passed.last().map_or(self.wanted, |last| last.leaves)
    }

    /// The task concurrency that is asked for.
    #[must_use]
    pub fn asked(&self) -> u32 {
        let left = self.left();
        let asked = match self.cap {
            None => left,
            Some(cap) => left.min(u64::try_from(cap.value).unwrap_or_default()),
        };
        u32::try_from(asked).unwrap_or(u32::MAX)
    }
}

/// The fields, and the whole once more in words as `summary`.
impl Serialize for Because {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Because", 6)?;
        fields.serialize_field("summary", &format_args!("{self}"))?;
        fields.serialize_field("policy", self.policy)?;
        fields.serialize_field("tasks", &self.tasks)?;
        fields.serialize_field("workers", &self.workers)?;
        fields.serialize_field("connected", &self.connected)?;
        fields.serialize_field("verdict", &self.verdict)?;
        fields.end()
    }
}

/// In words, for people: why as many as there are, and not more or fewer.
impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Silent(Silence::NeverAsks) => write!(f, "policy {} never asks for workers", self.policy),
            Verdict::Silent(Silence::NoRule) => write!(f, "policy {} has no rule for this manager", self.policy),
            Verdict::Asks(parts) if parts.is_empty() => f.write_str("no task, so nothing is asked for"),
            Verdict::Asks(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let separator = if index > 0 { "; " } else { "" };
                    write!(f, "{separator}{}", InWords { part, because: self })?;
                }
                Ok(())
            }
        }
    }
}

/// One part in words.
struct InWords<'a> {
    part: &'a Part,
    because: &'a Because,
}

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, because } = self;
        if !part.capabilities.is_empty() {
            write!(f, "for {}: ", part.capabilities)?;
        }
        let tasks = Counted(part.demand, "task");
        let workers = Counted(because.workers, "worker");
        match &part.reason {
            Reason::NoTasks => f.write_str("no task, so 0"),
            Reason::NoWorkers => write!(f, "{tasks} and no worker, so one more: {}", part.wanted),
            Reason::Backlog { above, .. } => {
                write!(f, "{tasks} for {workers} are more than {above} each, so one more: {}", part.wanted)
            }
            Reason::Slack { below, per_worker, .. } => write!(
                f,
                "{tasks} for {workers} are fewer than {below} each, so one worker for {per_worker} tasks: {}",
                part.wanted
            ),
            Reason::Steady { .. } => {
                write!(f, "{tasks} for {workers} are neither too many nor too few, so it stays at {}", part.wanted)
            }
            Reason::Share { per_worker } => {
                write!(f, "{tasks}, one worker for {per_worker}: {}", part.wanted)
            }
            Reason::Wait { task_seconds, start_seconds, target_seconds, connected } => write!(
                f,
                "{tasks} of {task_seconds:.2} s, {}, {start_seconds:.1} s to start one, so that none waits longer than \
                 {target_seconds} s: {}",
                Counted(*connected, "worker"),
                part.wanted
            ),
            Reason::Hold { until_gone } => {
                write!(
                    f,
                    "no task, but {until_gone} is emptied first and still has workers, so it stays at {}",
                    part.wanted
                )
            }
        }?;
        for passed in &part.passed {
            let (manager, cap, leaves) = (&passed.manager, passed.cap, passed.leaves);
            match cap {
                0.. => write!(f, ", {manager} (up to {cap}) leaves {leaves}")?,
                _ => write!(f, ", {manager} (limit {cap}, which adds) leaves {leaves}")?,
            }
        }
        match part.cap {
            Some(Cap { value: ..0, source: CapSource::Manager }) => {
                write!(f, ", but the manager has no limit, which {} takes for nothing: give it one", because.policy)
            }
            Some(cap) if u64::from(part.asked()) < part.left() => {
                let by = match cap.source {
                    CapSource::Manager => "limit of the manager",
                    CapSource::Rule => "rule",
                    CapSource::Budget => "budget: no more is launched",
                    CapSource::BudgetEnds => {
                        "budget of a day, which is nearly spent: units leave once their tasks have ended"
                    }
                };
                write!(f, ", capped at {} by the {by}", cap.value)
            }
            _ => Ok(()),
        }
    }
}

struct Counted(u64, &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}
