//! From everything that was found to what runs.

use std::env;

use scaler_wm_core::{
    Limit, ManagerId, Scheme,
    options::{OptionError, Value, Values, resolve},
};

use crate::{
    cli::{Invocation, declared, options},
    exit::Failure,
    file,
};

/// What runs.
#[derive(Debug)]
pub(crate) struct Config {
    /// Every option of the manager.
    pub(crate) values: Values,
    /// Its name at the scheduler.
    pub(crate) manager: ManagerId,
    /// Whether the name was made up, which is worth a line in the log.
    pub(crate) is_name_made_up: bool,
    /// The most task concurrency.
    pub(crate) limit: Limit,
    /// Keys that nobody knows, allowed by the user.
    pub(crate) unknown: Vec<OptionError>,
}

impl Config {
    /// Checks and merges everything that was found.
    ///
    /// # Errors
    /// The first thing that is wrong, with where it stands and what to write.
    pub(crate) fn new(invocation: &Invocation) -> Result<Self, Failure> {
        let backend = invocation.backend;
        let options = options(backend);
        let (mut in_file, mut unknown) = (Vec::new(), Vec::new());
        if let Some(file) = &invocation.file {
            let entry = file::read(file, backend.name, &declared(backend))?;
            match entry.unknown.first() {
                Some(OptionError { origin, problem }) if !invocation.allows_unknown_keys => {
                    let problem = format!("{problem} (--allow-unknown-keys passes over it)");
                    return Err(OptionError::new(origin, problem).into());
                }
                _ => unknown = entry.unknown,
            }
            in_file = entry.found;
        }
        let mut values = resolve(&options, &invocation.found, |variable| env::var(variable).ok(), &in_file)?;
        let is_name_made_up = values.maybe_text("worker_manager_id").is_none();
        values.fill("worker_manager_id", Value::Text(format!("{}-{}", backend.name, host_name())));
        let manager = ManagerId::from(values.text("worker_manager_id"));
        let limit = limit(&values)?;
        check_schemes(&values)?;
        Ok(Self { values, manager, is_name_made_up, limit, unknown })
    }
}

fn limit(values: &Values) -> Result<Limit, OptionError> {
    let key = "max_task_concurrency";
    let number = values.integer(key);
    if number == -1 {
        return Ok(Limit::Unlimited);
    }
    u32::try_from(number).map(Limit::AtMost).map_err(|_| values.problem(key, format!("{number} is too large")))
}

/// The manager itself speaks these only; what workers are told is theirs.
fn check_schemes(values: &Values) -> Result<(), OptionError> {
    for key in ["scheduler_address", "monitor_address"] {
        let scheme = values.maybe_address(key).map(|address| address.scheme);
        if let Some(scheme @ (Scheme::Tls | Scheme::Ws | Scheme::Wss)) = scheme {
            let problem = format!("{}:// is not in this version yet; give a tcp:// or ipc:// address", scheme.as_str());
            return Err(values.problem(key, problem));
        }
    }
    Ok(())
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
