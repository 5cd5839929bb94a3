//! The command line that starts the workers of a unit.

use std::num::NonZeroU32;

use scaler_wm_core::{Address, Capabilities, ManagerId, options::Values};

use crate::{key_of, quoted, short_hash};

/// Workers that start together in a container or an instance: the released `scaler_worker_manager baremetal_native` in
/// fixed mode, which starts so many, and ends when all have ended.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// Where they find the scheduler.
    pub scheduler: Address,
    /// Where they find the object storage, if the scheduler does not tell.
    pub object_storage: Option<Address>,
    /// The manager that they belong to.
    pub manager: ManagerId,
    /// What each can do.
    pub capabilities: Capabilities,
    /// How many there are.
    pub count: NonZeroU32,
    /// Further flags and their values, as the released command reads them.
    pub flags: Vec<(&'static str, String)>,
    /// Whether tasks are suspended by a signal.
    pub hard_processor_suspend: bool,
}

/// Options of every worker that go on as they are, each under its own flag.
const PASSED_ON: &[&str] = &[
    "per_worker_task_queue_size",
    "heartbeat_interval_seconds",
    "task_timeout_seconds",
    "garbage_collect_interval_seconds",
    "death_timeout_seconds",
    "trim_memory_threshold_bytes",
    "io_threads",
];

impl WorkerCommand {
    /// `count` workers for a scheduler, with the released command's defaults.
    #[must_use]
    pub fn new(scheduler: Address, manager: ManagerId, count: NonZeroU32) -> Self {
        Self {
            scheduler,
            object_storage: None,
            manager,
            capabilities: Capabilities::default(),
            count,
            flags: Vec::new(),
            hard_processor_suspend: false,
        }
    }

    /// What these values of a manager's options say.
    #[must_use]
    pub fn from_values(values: &Values, manager: &ManagerId, count: NonZeroU32) -> Self {
        let scheduler = values.maybe_address("worker_scheduler_address");
        let scheduler = scheduler.unwrap_or_else(|| values.address("scheduler_address"));
        let mut command = Self::new(scheduler, manager.clone(), count);
        command.object_storage = values.maybe_address("object_storage_address");
        command.capabilities = values.capabilities("per_worker_capabilities");
        command.hard_processor_suspend = values.flag("hard_processor_suspend");
        command.flags = PASSED_ON.iter().map(|key| (*key, values.integer(key).to_string())).collect();
        command.flags.push(("event_loop", values.text("event_loop")));
        command.flags.extend(values.maybe_text("preload").map(|preload| ("preload", preload)));
        command
    }

    /// What everything that is made for this manager is found by: letters, digits, `-`, `_` and `/`, 128 at most. The
    /// scheduler is part of it, as managers of two schedulers may share both id and account.
    #[must_use]
    pub fn owner(&self) -> String {
        format!("scaler-wm/{}/{}", key_of(&self.manager), short_hash(&self.scheduler.to_string()))
    }

    /// The line for a shell. `prefix` is what worker ids begin with; `unit` is put into the line as it stands, between
    /// double quotes, so that the shell can fill in the unit's own name.
    #[must_use]
    pub fn line(&self, prefix: &str, unit: &str) -> String {
        let mut line = format!(
            "scaler_worker_manager baremetal_native {} --mode fixed --worker-type \"{prefix}-{unit}\" \
             --max-task-concurrency {} --worker-manager-id={}",
            quoted(&self.scheduler.to_string()),
            self.count,
            quoted(self.manager.as_str()),
        );
        let mut flag = |name: &str, value: &str| {
            // One word each, so that a value that begins with a hyphen is no flag.
            line.push_str(&format!(" --{}={}", name.replace('_', "-"), quoted(value)));
        };
        if let Some(storage) = &self.object_storage {
            flag("object_storage_address", &storage.to_string());
        }
        if !self.capabilities.is_empty() {
            flag("per_worker_capabilities", &self.capabilities.to_string());
        }
        self.flags.iter().for_each(|(name, value)| flag(name, value));
        if self.hard_processor_suspend {
            line.push_str(" --hard-processor-suspend");
        }
        line
    }
}
