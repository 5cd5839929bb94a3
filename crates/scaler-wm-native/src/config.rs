//! What a native provider is told.

use std::{path::PathBuf, time::Duration};

use scaler_wm_core::{Address, Capabilities, ManagerId};

/// What a native provider is told.
#[derive(Clone, Debug)]
pub struct NativeConfig {
    /// The interpreter; `None` takes what `scaler_wm_python::interpreter` finds.
    pub python: Option<PathBuf>,
    /// The first part of worker names, `NAT` by convention.
    pub worker_type: String,
    /// What every worker is started with.
    pub worker: WorkerSettings,
    /// Which ways of starting and asking workers may be taken.
    pub ways: Ways,
    /// The manager's state folder, for locks of workers and the socket of a helper that outlives its manager; `None`
    /// where nothing is to outlive it, and nothing has.
    pub folder: Option<PathBuf>,
    /// How long helper and workers wait for the next manager when this one goes; `None` ends them with it.
    pub keep: Option<Duration>,
    /// How often the helper looks whether the installed package was replaced.
    pub upgrade_check: Duration,
    /// Whether workers of a package that was replaced are drained, and replaced by workers of the new one.
    pub reload_on_upgrade: bool,
    /// File with the kernel's count of processes killed for lack of memory (`oom_kill N`); `None` finds it.
    pub oom_events: Option<PathBuf>,
}

/// How often the helper looks whether the installed package was replaced, unless told otherwise.
pub const UPGRADE_CHECK: Duration = Duration::from_secs(10);

/// What every worker is started with: the parameters of the released class, in its units.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Where workers find the scheduler.
    pub scheduler_address: Address,
    /// Where workers find the object storage server; `None` learns it from the scheduler.
    pub object_storage_address: Option<Address>,
    /// The manager that workers name as theirs.
    pub manager: ManagerId,
    /// What workers say that they can do.
    pub capabilities: Capabilities,
    /// Tasks that the scheduler may queue at one worker; at least 1.
    pub task_queue_size: u32,
    /// Seconds between two heartbeats of a worker; at least 1.
    pub heartbeat_interval_seconds: u32,
    /// Seconds after which a task is given up; 0 for never.
    pub task_timeout_seconds: u32,
    /// Seconds without a scheduler after which a worker ends.
    pub death_timeout_seconds: u32,
    /// Seconds between two garbage collections in a processor.
    pub garbage_collect_interval_seconds: u32,
    /// Resident memory in bytes above which a processor gives memory back to the system.
    pub trim_memory_threshold_bytes: u64,
    /// Suspends processors by a signal instead of an event.
    pub hard_processor_suspend: bool,
    /// Threads of a worker's transport; at least 1.
    pub io_threads: u32,
    /// `builtin` or `uvloop`.
    pub event_loop: String,
    /// Called in each processor before its first task, such as `pkg.mod:func(args)`.
    pub preload: Option<String>,
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
    pub logging_level: String,
    /// Where workers write their logs.
    pub logging_paths: Vec<String>,
    /// A PEM certificate and its key.
    pub tls: Option<(String, String)>,
}

impl NativeConfig {
    /// Workers with these settings, from the usual interpreter, that end with their manager.
    #[must_use]
    pub fn new(worker: WorkerSettings) -> Self {
        Self {
            python: None,
            worker_type: "NAT".to_owned(),
            worker,
            ways: Ways::default(),
            folder: None,
            keep: None,
            upgrade_check: UPGRADE_CHECK,
            reload_on_upgrade: false,
            oom_events: None,
        }
    }
}

impl WorkerSettings {
    /// The released package's defaults, for workers of `manager` at the scheduler of `scheduler_address`.
    #[must_use]
    pub fn new(scheduler_address: Address, manager: ManagerId) -> Self {
        Self {
            scheduler_address,
            object_storage_address: None,
            manager,
            capabilities: Capabilities::default(),
            task_queue_size: 1000,
            heartbeat_interval_seconds: 2,
            task_timeout_seconds: 0,
            death_timeout_seconds: 300,
            garbage_collect_interval_seconds: 30,
            trim_memory_threshold_bytes: 1 << 30,
            hard_processor_suspend: false,
            io_threads: 1,
            event_loop: "builtin".to_owned(),
            preload: None,
            logging_level: "INFO".to_owned(),
            logging_paths: vec!["/dev/stdout".to_owned()],
            tls: None,
        }
    }
}

/// Which ways may be taken. Each falls back to the plainer one by itself where it does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// Fork workers from the helper; else each is an interpreter of its own.
    pub fork_workers: bool,
    /// Fork processors from the helper; else workers spawn them.
    pub fork_processors: bool,
    /// Let workers answer for themselves whether they can leave.
    pub hooks: bool,
    /// Let workers go only as they, or two looks at the load, agree. Off, they are told to leave at once, as the released
    /// manager tells them: only to show what consent prevents.
    pub consent: bool,
}

impl Default for Ways {
    fn default() -> Self {
        Self { fork_workers: true, fork_processors: true, hooks: true, consent: true }
    }
}
