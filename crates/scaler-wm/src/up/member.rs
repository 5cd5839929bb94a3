//! One part as `up` keeps it: what it is, where, and how far.

use std::{path::Path, time::Duration};

use scaler_wm_core::options::Values;
use scaler_wm_options::fixed_concurrency;
use tokio::time::Instant;

use super::{
    board::Card,
    command::{PartCommand, command},
    listening::Place,
    part::Running,
};
use crate::{
    config::{ManagerConfig, Part, PythonConfig},
    exit::Failure,
    logging,
};

/// How long a command may take to end when it is asked to, before it is killed.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(10);
/// How much longer than its own stop time-out a manager may take.
const MANAGER_SLACK: Duration = Duration::from_secs(15);

/// What starts and stops together, in the order in which it starts.
pub(super) const STORAGE: u8 = 0;
pub(super) const SCHEDULER: u8 = 1;
pub(super) const MANAGERS: u8 = 2;
pub(super) const GUI: u8 = 3;

/// How far a part is.
#[derive(Debug)]
pub(super) enum State {
    Waiting(Box<What>),
    Starting(Running, Instant),
    Up(Running),
    Over,
}

/// What a part will be.
#[derive(Debug)]
pub(super) enum What {
    Command(PartCommand),
    Manager(Box<ManagerConfig>, tracing::Dispatch),
}

/// One part.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) card: Card,
    pub(super) state: State,
    /// Where it listens once it is up.
    pub(super) places: Vec<Place>,
    /// What starts and stops together: object storage, scheduler, managers, GUI.
    pub(super) stage: u8,
    /// How long it may take to end when it is asked to.
    pub(super) stop_within: Duration,
    /// Workers that a manager in fixed mode starts.
    pub(super) fixed: Option<u64>,
}

impl Member {
    /// Makes sure, as far as can be told beforehand, that it can be started.
    ///
    /// # Errors
    /// With what is missing.
    pub(super) fn new(part: Part, python: &Path) -> Result<Self, Failure> {
        match part {
            Part::Manager(config) => {
                let dispatch = logging::subscriber(&config.values)?;
                let values = &config.values;
                let stop_within = values.seconds("stop_timeout_seconds");
                let fixed = fixed_concurrency(values).map(i64::unsigned_abs);
                let card = Card {
                    name: format!("{} {}", config.kind.section.name, config.manager),
                    addresses: vec![format!("for {}", values.address("scheduler_address"))],
                    logs: logs(values),
                };
                let stop_within = stop_within.saturating_add(MANAGER_SLACK);
                let state = State::Waiting(Box::new(What::Manager(config, dispatch)));
                Ok(Self { card, state, places: Vec::new(), stage: MANAGERS, stop_within, fixed })
            }
            Part::Python(config) => {
                let command = command(&config, python)?;
                let (stage, addresses, places) = whereabouts(&config);
                let mut name = config.section.name.to_owned();
                if config.values.has("worker_manager_id") {
                    name = format!("{name} {}", config.values.text("worker_manager_id"));
                }
                let card = Card { name, addresses, logs: logs(&config.values) };
                let state = State::Waiting(Box::new(What::Command(command)));
                Ok(Self { card, state, places, stage, stop_within: STOP_WITHIN, fixed: None })
            }
        }
    }
}

/// The stage of a command, where it is to be found, and where it listens.
fn whereabouts(config: &PythonConfig) -> (u8, Vec<String>, Vec<Place>) {
    let values = &config.values;
    match config.section.name {
        "object_storage_server" => {
            let address = values.address("bind_address");
            (STORAGE, vec![address.to_string()], Place::of(&address).into_iter().collect())
        }
        "scheduler" => {
            let address = values.address("bind_address");
            let monitor = values.maybe_address("monitor_address").or_else(|| address.with_port_offset(2));
            let all: Vec<_> = [Some(address), monitor].into_iter().flatten().collect();
            (SCHEDULER, all.iter().map(ToString::to_string).collect(), all.iter().filter_map(Place::of).collect())
        }
        "gui" => {
            let address = values.text("gui_address");
            let scheme = if values.get("tls_cert").is_some() { "https" } else { "http" };
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).map(Place::Port);
            (GUI, vec![format!("{scheme}://{address}")], port.into_iter().collect())
        }
        _ => (MANAGERS, vec![format!("for {}", values.address("scheduler_address"))], Vec::new()),
    }
}

/// Where logs go, in words.
fn logs(values: &Values) -> Vec<String> {
    if let (Some(file), false) = (values.maybe_text("logging_config_file"), values.has("log_format")) {
        return vec![format!("as {file} says")];
    }
    let place = |path: &String| match &**path {
        "-" | "/dev/stdout" => "this output".to_owned(),
        "/dev/stderr" => "this error output".to_owned(),
        path => path.to_owned(),
    };
    values.texts("logging_paths").iter().map(place).collect()
}
