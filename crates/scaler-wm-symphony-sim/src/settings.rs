//! What the environment says.

use std::{env, ffi::OsString, path::PathBuf, thread, time::Duration};

use crate::failure::{Failure, Result};

/// Read once in a process.
pub(crate) struct Settings {
    /// Where the state is kept; a folder of this process alone if there is none.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) python: OsString,
    /// Those that are known; all if there is no list.
    pub(crate) applications: Option<Vec<String>>,
    pub(crate) password: Option<String>,
    pub(crate) faults: String,
    pub(crate) noop: bool,
    /// How many tasks of one application run at once.
    pub(crate) instances: usize,
    /// How many callbacks run at once.
    pub(crate) callbacks: usize,
    /// How long to wait for a folder that another process uses.
    pub(crate) wait: Duration,
}

impl Settings {
    pub(crate) fn read() -> Result<Self> {
        let noop = text("NOOP")?.is_some_and(|value| value != "0");
        let applications = text("APPLICATIONS")?;
        Ok(Self {
            folder: variable("DIR").map(PathBuf::from),
            python: variable("PYTHON").unwrap_or_else(|| "python3".into()),
            applications: applications.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect()),
            password: text("PASSWORD")?,
            faults: text("FAULTS")?.unwrap_or_default(),
            noop,
            instances: count("INSTANCES", thread::available_parallelism().map_or(2, usize::from))?,
            callbacks: count("CALLBACKS", if noop { 1 } else { 4 })?,
            wait: Duration::from_millis(number("WAIT", 2000)?),
        })
    }
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(format!("SCALER_SOAM_SIM_{name}")).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Result<Option<String>> {
    let value = variable(name).map(OsString::into_string).transpose();
    value.map_err(|_| Failure::invalid(format!("SCALER_SOAM_SIM_{name} is not UTF-8")))
}

fn number(name: &str, default: u64) -> Result<u64> {
    let Some(value) = text(name)? else { return Ok(default) };
    value.parse().map_err(|_| Failure::invalid(format!("SCALER_SOAM_SIM_{name}={value} is not a whole number")))
}

fn count(name: &str, default: usize) -> Result<usize> {
    match usize::try_from(number(name, default as u64)?) {
        Ok(value @ 1..=1024) => Ok(value),
        _ => Err(Failure::invalid(format!("SCALER_SOAM_SIM_{name} must be 1 to 1024"))),
    }
}
