//! What the provider is told.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use scaler_wm_core::{Address, ManagerId};

use crate::{PluginAddress, v1::WorkerSettings};

/// Where the plug-in is, and what it is told.
#[derive(Clone, Debug)]
pub struct ExternalConfig {
    /// Where it listens.
    pub address: PluginAddress,
    /// Authorities (PEM file) that its certificate is trusted by; required for [`PluginAddress::Tls`].
    pub ca: Option<PathBuf>,
    /// A file whose first line goes along with every call, as a bearer token.
    pub token_file: Option<PathBuf>,
    /// Whose units these are.
    pub manager: ManagerId,
    /// What workers are to be started with.
    pub workers: WorkerSettings,
    /// What the plug-in alone understands.
    pub options: BTreeMap<String, String>,
    /// How long a call may take.
    pub answers_within: Duration,
    /// How long it may take until the plug-in is there at the start.
    pub there_within: Duration,
}

impl ExternalConfig {
    /// A plug-in for units of `manager`, whose workers are for the scheduler at `scheduler_address` and have the released
    /// package's defaults.
    #[must_use]
    pub fn new(address: PluginAddress, manager: ManagerId, scheduler_address: &Address) -> Self {
        Self {
            address,
            ca: None,
            token_file: None,
            manager,
            workers: WorkerSettings {
                scheduler_address: scheduler_address.to_string(),
                task_queue_size: 1000,
                heartbeat_interval_seconds: 2,
                death_timeout_seconds: 300,
                garbage_collect_interval_seconds: 30,
                trim_memory_threshold_bytes: 1 << 30,
                io_threads: 1,
                event_loop: "builtin".to_owned(),
                logging_level: "INFO".to_owned(),
                logging_paths: vec!["/dev/stdout".to_owned()],
                ..WorkerSettings::default()
            },
            options: BTreeMap::new(),
            answers_within: Duration::from_secs(60),
            there_within: Duration::from_secs(10),
        }
    }
}
