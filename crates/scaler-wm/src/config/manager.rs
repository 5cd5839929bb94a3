//! One manager of ours.

use std::env;

use scaler_wm_core::{
    Limit, ManagerId, Scheme,
    options::{Found, OptionError, Value, Values, resolve},
};
use scaler_wm_options::{Section, fixed_concurrency, worker_type};
use scaler_wm_wire::ymq::{SCHEMES, Trust};

use super::allow;
use crate::{
    backends::{self, Kind},
    cli::ManagerCall,
    exit::Failure,
    file::File,
    follow::Followed,
    peers::{backend, trust},
    state,
};

/// One manager of ours.
#[derive(Debug)]
pub(crate) struct ManagerConfig {
    /// What it is.
    pub(crate) kind: &'static Kind,
    /// Every option.
    pub(crate) values: Values,
    /// Its name at the scheduler.
    pub(crate) manager: ManagerId,
    /// Whether the name was made up, which is worth a line in the log.
    pub(crate) is_name_made_up: bool,
    /// The most task concurrency.
    pub(crate) limit: Limit,
    /// Whom the scheduler has to convince.
    pub(crate) trust: Trust,
    /// The policy that it follows by itself, if it does.
    pub(crate) followed: Option<Followed>,
}

impl ManagerConfig {
    /// Checks and merges everything that was found for one command.
    ///
    /// # Errors
    /// The first thing that is wrong, with where it stands and what to write.
    pub(crate) fn new(call: &ManagerCall) -> Result<Self, OptionError> {
        let mut in_file = Vec::new();
        if let Some(file) = &call.file {
            let entry = File::read(file)?.one(call.kind.section)?;
            allow(&entry.unknown, call.allows_unknown_keys)?;
            in_file = entry.found;
        }
        Self::merged(call.kind, &call.found, &in_file)
    }

    /// Checks and merges what was found on the command line and in one entry of a file.
    pub(super) fn merged(kind: &'static Kind, given: &[Found], in_file: &[Found]) -> Result<Self, OptionError> {
        let mut values = values(kind.section, given, in_file)?;
        let is_name_made_up = values.maybe_text("worker_manager_id").is_none();
        values.fill("worker_manager_id", Value::Text(usual_name(kind.section)));
        let scheduler = values.address("scheduler_address");
        if fixed_concurrency(&values).is_none()
            && let Some(monitor) = scheduler.with_port_offset(2)
        {
            values.fill("monitor_address", Value::Address(monitor));
        }
        values.fill("worker_scheduler_address", Value::Address(scheduler));
        if values.has("worker_type") {
            let name = worker_type(&values);
            values.fill("worker_type", Value::Text(name));
        }
        let limit = limit(&values)?;
        let trust = trust(&values)?;
        let is_secured = matches!(values.address("scheduler_address").scheme, Scheme::Tls | Scheme::Wss);
        let useless = ["tls_ca", "tls_pin"].into_iter().find(|key| values.get(key).is_some());
        if let Some(key) = useless.filter(|_| !is_secured && fixed_concurrency(&values).is_none()) {
            let problem = "it is of no use with a scheduler_address that is not tls:// or wss://";
            return Err(values.problem(key, problem));
        }
        let followed = Followed::new(&values, &trust)?;
        let manager = ManagerId::from(values.text("worker_manager_id"));
        let config = Self { kind, values, manager, is_name_made_up, limit, trust, followed };
        config.check_with_backend()?;
        Ok(config)
    }

    /// Gives it another name than the made-up one.
    pub(super) fn rename(&mut self, name: String) {
        self.manager = ManagerId::from(name.clone());
        self.values.replace("worker_manager_id", Value::Text(name));
    }

    /// Checks what only its backend knows, as a start does, if this build has it.
    fn check_with_backend(&self) -> Result<(), OptionError> {
        let mut values = self.values.clone();
        fill_folder(&mut values, &self.manager);
        self.kind.check(&values, &self.manager)
    }

    /// Whether this build can run it as it is.
    ///
    /// # Errors
    /// With what it lacks.
    pub(crate) fn check_that_it_can_run(&self) -> Result<(), Failure> {
        self.kind.parts()?;
        if fixed_concurrency(&self.values).is_some() {
            return Ok(());
        }
        backend(self.values.maybe_address("monitor_address").as_ref())?;
        // What the manager itself speaks; what workers are told is theirs.
        for key in ["scheduler_address", "monitor_address"] {
            let scheme = self.values.maybe_address(key).map(|address| address.scheme);
            if let Some(scheme) = scheme.filter(|scheme| !SCHEMES.contains(scheme)) {
                let scheme = scheme.as_str();
                let problem = format!(
                    "this build speaks no {scheme}://, it was made without the cargo feature `tls`; give a tcp:// or ipc:// address"
                );
                return Err(self.values.problem(key, problem).into());
            }
        }
        Ok(())
    }

    /// Fills in the folder of its state, as far as one can be told.
    pub(crate) fn with_state_folder(&mut self) {
        fill_folder(&mut self.values, &self.manager);
    }
}

fn fill_folder(values: &mut Values, manager: &ManagerId) {
    if let Ok(folder) = state::folder(values, manager) {
        values.fill("state_dir", Value::Text(folder.to_string_lossy().into_owned()));
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.section.name)
    }
}

/// Every option of a section, checked, by itself and together.
pub(super) fn values(section: &Section, given: &[Found], in_file: &[Found]) -> Result<Values, OptionError> {
    let specs: Vec<_> = section.specs().collect();
    // An empty variable counts as none, as other tools that read the same ones have it.
    let values = resolve(&specs, given, |variable| env::var(variable).ok().filter(|value| !value.is_empty()), in_file)?;
    (section.check)(&values)?;
    Ok(values)
}

/// The kind of a manager of ours; every one of them is declared.
pub(super) fn kind_of(section: &Section) -> Option<&'static Kind> {
    backends::find(section.name)
}

fn limit(values: &Values) -> Result<Limit, OptionError> {
    let key = "max_task_concurrency";
    let number = values.integer(key);
    if number == -1 {
        return Ok(Limit::Unlimited);
    }
    u32::try_from(number).map(Limit::AtMost).map_err(|_| values.problem(key, format!("{number} is too large")))
}

/// The name of a manager that was given none.
pub(super) fn usual_name(section: &Section) -> String {
    format!("{}-{}", section.name, rustix::system::uname().nodename().to_string_lossy())
}
