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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use scaler_wm_conformance::{Shell, hostile};
    use scaler_wm_core::Scheme;

    use super::*;

    /// Workers whose every text is hostile, and the words that their command is to be called with.
    fn workers() -> impl Strategy<Value = (WorkerCommand, Vec<String>)> {
        let name = || hostile().prop_map(|name| name.replace([',', '='], "_"));
        (hostile(), hostile(), hostile(), name(), hostile(), any::<bool>()).prop_map(
            |(scheduler, storage, manager, capability, preload, suspends)| {
                let socket = |place: String| Address { scheme: Scheme::Ipc, host: place, port: None, path: None };
                let mut workers =
                    WorkerCommand::new(socket(scheduler), ManagerId::from(manager), NonZeroU32::new(3).unwrap());
                workers.object_storage = Some(socket(storage));
                workers.capabilities = [(capability, 2)].into_iter().collect();
                workers.flags = vec![("preload", preload), ("event_loop", "builtin".to_owned())];
                workers.hard_processor_suspend = suspends;
                let words = words(&workers);
                (workers, words)
            },
        )
    }

    fn words(workers: &WorkerCommand) -> Vec<String> {
        let mut words: Vec<String> =
            ["scaler_worker_manager", "baremetal_native"].iter().map(ToString::to_string).collect();
        words.extend([workers.scheduler.to_string(), "--mode".to_owned(), "fixed".to_owned()]);
        words.extend(["--worker-type".to_owned(), "ORB-$(canary) `canary` \"'*".to_owned()]);
        words.extend(["--max-task-concurrency".to_owned(), workers.count.to_string()]);
        words.push(format!("--worker-manager-id={}", workers.manager));
        words.extend(workers.object_storage.iter().map(|storage| format!("--object-storage-address={storage}")));
        words.push(format!("--per-worker-capabilities={}", workers.capabilities));
        words.extend(workers.flags.iter().map(|(name, value)| format!("--{}={value}", name.replace('_', "-"))));
        words.extend(workers.hard_processor_suspend.then(|| "--hard-processor-suspend".to_owned()));
        words
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn workers_are_started_with_what_was_said_and_nothing_else_runs(
            all in proptest::collection::vec(workers(), 25),
        ) {
            let shell = Shell::new(&["scaler_worker_manager"], &[]).unwrap();
            // What a unit is called, others say as well: it is not read once more.
            let unit = [("unit", "$(canary) `canary` \"'*")];
            let script: String = all.iter().map(|(workers, _)| workers.line("ORB", "$unit") + "\n").collect();
            let expected: Vec<Vec<String>> = all.into_iter().map(|(_, words)| words).collect();
            for name in ["sh", "bash"] {
                prop_assert_eq!(&shell.run(name, &script, &unit).unwrap(), &expected);
            }
        }
    }
}
