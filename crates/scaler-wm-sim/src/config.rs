//! What is to be simulated.

use std::{fs, num::NonZeroU32, path::Path};

use scaler_wm_core::{Capabilities, Limit, policy::Policy};
use serde::Deserialize;

use crate::{Error, Result, trace::Trace};

/// Everything that one file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// What chance follows from. [default: 1]
    #[serde(default = "one")]
    pub seed: u64,
    /// The policies, which are run one after the other on the same workload.
    pub policy: Vec<PolicyConfig>,
    /// The managers.
    pub manager: Vec<ManagerConfig>,
    /// The tasks.
    pub workload: WorkloadConfig,
    /// Simulated hours after which it ends, whatever is left to do. [default: 168]
    #[serde(default = "a_week")]
    pub most_hours: f64,
    /// The trace of the workload, once it was read.
    #[serde(skip)]
    pub(crate) trace: Option<Trace>,
}

/// One policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    /// How tables call it. [default: its content]
    pub name: Option<String>,
    /// As `--policy-engine-type`. [default: simple]
    #[serde(default = "simple")]
    pub engine_type: String,
    /// As `--policy-content`.
    pub content: String,
}

/// One manager.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagerConfig {
    /// Its id.
    pub id: String,
    /// The most task concurrency; -1 for no limit.
    pub max_task_concurrency: i64,
    /// Workers in one unit. [default: 1]
    #[serde(default = "one_worker")]
    pub workers_per_unit: NonZeroU32,
    /// Seconds from launch until the workers of a unit are at the scheduler. [default: 1]
    #[serde(default)]
    pub start_seconds: Seconds,
    /// Part of the units that never come up, 0 to 1. [default: 0]
    #[serde(default)]
    pub failure_rate: f64,
    /// Part of the launch calls for which there is no capacity, 0 to 1. [default: 0]
    #[serde(default)]
    pub no_capacity_rate: f64,
    /// Price of a unit for an hour. [default: 0]
    #[serde(default)]
    pub price_per_unit_hour: f64,
    /// What its workers can do, such as `linux,gpu=2`. [default: nothing]
    #[serde(default)]
    pub per_worker_capabilities: String,
    /// Tasks that a worker takes. [default: 1000]
    #[serde(default = "queue_size")]
    pub per_worker_task_queue_size: usize,
    /// Seconds that fewer workers must be asked for in a row. [default: 30]
    #[serde(default = "cooldown")]
    pub scale_down_cooldown_seconds: f64,
    /// Seconds between two heartbeats. [default: 2]
    #[serde(default = "heartbeat")]
    pub heartbeat_interval_seconds: f64,
    /// Whether work is taken back from a worker that holds most of it. [default: true]
    #[serde(default = "yes")]
    pub rebalances: bool,
}

/// A time that may vary: always the same, or by its median and the value that 95 % are not above.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seconds {
    /// Half of them are not above this.
    pub p50: f64,
    /// 95 % of them are not above this. [default: p50]
    pub p95: Option<f64>,
}

/// The tasks: recorded, or made.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WorkloadConfig {
    /// What `scaler-wm record` wrote.
    Trace {
        /// The file, relative to the one that names it.
        file: String,
    },
    /// Tasks that come evenly.
    Constant {
        /// Tasks for a second.
        tasks_per_second: f64,
        /// How long they come, in hours.
        hours: f64,
        /// How long each takes.
        task_seconds: Seconds,
    },
    /// Many tasks at once, again and again.
    Bursts {
        /// Tasks in each.
        tasks: u32,
        /// How many there are.
        bursts: u32,
        /// Seconds from one to the next.
        every_seconds: f64,
        /// How long each task takes.
        task_seconds: Seconds,
    },
    /// Few tasks at night, many in the afternoon.
    Daily {
        /// Tasks for a second, on average.
        tasks_per_second: f64,
        /// How many days.
        days: f64,
        /// How long each task takes.
        task_seconds: Seconds,
    },
    /// Tasks that come by chance, most of them short and some very long.
    HeavyTail {
        /// Tasks for a second, on average.
        tasks_per_second: f64,
        /// How long they come, in hours.
        hours: f64,
        /// The shortest task, in seconds.
        shortest_seconds: f64,
        /// The tail: the smaller, the longer; above 1. [default: 1.5]
        #[serde(default = "tail")]
        alpha: f64,
    },
}

const fn one() -> u64 {
    1
}

const fn one_worker() -> NonZeroU32 {
    NonZeroU32::MIN
}

const fn a_week() -> f64 {
    168.0
}

const fn cooldown() -> f64 {
    30.0
}

const fn heartbeat() -> f64 {
    2.0
}

const fn queue_size() -> usize {
    1_000
}

const fn yes() -> bool {
    true
}

const fn tail() -> f64 {
    1.5
}

fn simple() -> String {
    "simple".to_owned()
}

impl Default for Seconds {
    fn default() -> Self {
        Self { p50: 1.0, p95: None }
    }
}

impl Simulation {
    /// Reads a file, and the trace that it names.
    ///
    /// # Errors
    /// When it cannot be read, or says something that is wrong: where, and what to write.
    pub fn read(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| Error::file(&*place, error))?;
        let mut simulation = Self::parse(&place, &text)?;
        if let WorkloadConfig::Trace { file } = &simulation.workload {
            let file = path.parent().unwrap_or(Path::new(".")).join(file);
            simulation.trace = Some(Trace::read(&file)?);
        }
        Ok(simulation)
    }

    /// Reads what the file `place` says, without the trace that it may name.
    ///
    /// # Errors
    /// When it says something that is wrong: where, and what to write.
    pub fn parse(place: &str, text: &str) -> Result<Self> {
        let simulation: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Error::wrong(format!("{place}:{line}"), error.message())
        })?;
        simulation.check(place)?;
        Ok(simulation)
    }

    /// When the last task comes, in seconds.
    pub(crate) fn last_arrival(&self) -> f64 {
        match &self.workload {
            WorkloadConfig::Trace { .. } => {
                self.trace.as_ref().and_then(|trace| trace.tasks().last()).map_or(0.0, |task| task.at)
            }
            WorkloadConfig::Constant { hours, .. } | WorkloadConfig::HeavyTail { hours, .. } => hours * 3_600.0,
            WorkloadConfig::Bursts { bursts, every_seconds, .. } => f64::from(bursts.saturating_sub(1)) * every_seconds,
            WorkloadConfig::Daily { days, .. } => days * 86_400.0,
        }
    }

    fn check(&self, place: &str) -> Result<()> {
        let wrong = |problem: String| Err(Error::wrong(place, problem));
        if self.policy.is_empty() || self.manager.is_empty() {
            return wrong("it needs at least one [[policy]] and one [[manager]]".to_owned());
        }
        for policy in &self.policy {
            policy.policy().map_err(|problem| Error::wrong(place, format!("policy {}: {problem}", policy.label())))?;
        }
        for (index, manager) in self.manager.iter().enumerate() {
            let id = &manager.id;
            if self.manager[..index].iter().any(|other| other.id == *id) {
                return wrong(format!("manager {id}: there are two of this id; give each its own"));
            }
            if u32::try_from(manager.max_task_concurrency).is_err() && manager.max_task_concurrency != -1 {
                return wrong(format!("manager {id}: max_task_concurrency is -1 or at least 0"));
            }
            manager.capabilities().map_err(|problem| Error::wrong(place, format!("manager {id}: {problem}")))?;
            for (key, rate) in [("failure_rate", manager.failure_rate), ("no_capacity_rate", manager.no_capacity_rate)]
            {
                if !(0.0..=1.0).contains(&rate) {
                    return wrong(format!("manager {id}: {key} is between 0 and 1"));
                }
            }
            let times = [manager.scale_down_cooldown_seconds, manager.price_per_unit_hour, manager.start_seconds.p50];
            if !times.iter().all(|time| (0.0..1e9).contains(time))
                || !(0.1..1e6).contains(&manager.heartbeat_interval_seconds)
            {
                return wrong(format!(
                    "manager {id}: times and prices are at least 0, and a heartbeat comes every 0.1 s or later"
                ));
            }
        }
        if !(self.most_hours > 0.0 && self.most_hours < 1e6) {
            return wrong("most_hours is above 0, and less than a million".to_owned());
        }
        let managers = self.manager.iter().map(|manager| Some(&manager.start_seconds));
        let spread = match &self.workload {
            WorkloadConfig::Constant { task_seconds, .. }
            | WorkloadConfig::Bursts { task_seconds, .. }
            | WorkloadConfig::Daily { task_seconds, .. } => Some(task_seconds),
            WorkloadConfig::Trace { .. } | WorkloadConfig::HeavyTail { .. } => None,
        };
        for Seconds { p50, p95 } in managers.chain([spread]).flatten() {
            if !p95.is_none_or(|p95| p95 >= *p50 && p95 < 1e9) {
                return wrong("p95 is at least p50".to_owned());
            }
        }
        let numbers = match &self.workload {
            WorkloadConfig::Trace { .. } => vec![1.0],
            WorkloadConfig::Constant { tasks_per_second, hours, task_seconds } => {
                vec![*tasks_per_second, *hours, task_seconds.p50]
            }
            WorkloadConfig::Bursts { every_seconds, task_seconds, .. } => vec![*every_seconds, task_seconds.p50],
            WorkloadConfig::Daily { tasks_per_second, days, task_seconds } => {
                vec![*tasks_per_second, *days, task_seconds.p50]
            }
            WorkloadConfig::HeavyTail { tasks_per_second, hours, shortest_seconds, alpha } => {
                vec![*tasks_per_second, *hours, *shortest_seconds, *alpha - 1.0]
            }
        };
        if !numbers.iter().all(|number| *number > 0.0 && *number < 1e9) {
            return wrong("workload: rates and times are above 0 (alpha above 1)".to_owned());
        }
        Ok(())
    }
}

impl PolicyConfig {
    /// How tables call it.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.content)
    }

    pub(crate) fn policy(&self) -> Result<Policy, String> {
        Policy::new(&self.engine_type, &self.content).map_err(|error| error.to_string())
    }
}

impl ManagerConfig {
    pub(crate) fn limit(&self) -> Limit {
        u32::try_from(self.max_task_concurrency).map_or(Limit::Unlimited, Limit::AtMost)
    }

    pub(crate) fn capabilities(&self) -> Result<Capabilities, String> {
        self.per_worker_capabilities.parse().map_err(|error: scaler_wm_core::CapabilityError| error.to_string())
    }
}
