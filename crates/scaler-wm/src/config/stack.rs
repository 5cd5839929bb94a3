//! Everything that one file starts.

use std::collections::BTreeSet;

use scaler_wm_core::{
    Address,
    options::{Found, OptionError, OptionSpec, Origin, Preset, Raw, Value, Values},
};
use scaler_wm_options::Section;

use super::{
    ManagerConfig, allow,
    manager::{kind_of, usual_name, values},
};
use crate::{
    cli::StackCall,
    file::{Entry, File},
    follow::Followed,
};

/// Everything that one file starts.
#[derive(Debug)]
pub(crate) struct StackConfig {
    /// In the order in which it starts.
    pub(crate) parts: Vec<Part>,
    /// The interpreter that was chosen, if any was.
    pub(crate) python: Option<String>,
}

/// One thing that is started.
#[derive(Debug)]
pub(crate) enum Part {
    /// A manager of ours, in this process.
    Manager(Box<ManagerConfig>),
    /// A command of the Python package.
    Python(PythonConfig),
}

impl Part {
    /// Every option.
    fn values(&self) -> &Values {
        match self {
            Self::Manager(config) => &config.values,
            Self::Python(config) => &config.values,
        }
    }
}

/// A command of the Python package.
#[derive(Debug)]
pub(crate) struct PythonConfig {
    /// What it is.
    pub(crate) section: &'static Section,
    /// Every option.
    pub(crate) values: Values,
    /// The options that somebody has given: only these are handed on, as other releases may have other defaults.
    pub(crate) given: BTreeSet<&'static str>,
}

impl StackConfig {
    /// Checks and merges everything that was found.
    ///
    /// # Errors
    /// The first thing that is wrong, with where it stands and what to write.
    pub(crate) fn new(call: &StackCall) -> Result<Self, OptionError> {
        let all = File::read(&call.file)?.everything()?;
        allow(&all.unknown, call.allows_unknown_keys)?;
        if let Some(stray) = call.found.iter().find(|found| found.key != PYTHON && !serves(found, &all.entries)) {
            let problem = format!("no section of {} has this option", call.file);
            return Err(OptionError::new(&stray.origin, problem));
        }
        let mut python = python(&call.found);
        let mut parts = Vec::with_capacity(all.entries.len());
        for entry in all.entries {
            allow(&entry.unknown, call.allows_unknown_keys)?;
            python = python.or_else(|| self::python(&entry.found));
            let is_of_it = |found: &&Found| entry.section.specs().any(|spec| spec.key == found.key);
            let given: Vec<Found> = call.found.iter().filter(is_of_it).cloned().collect();
            // What is missing has no place of its own: it is missing from this entry.
            let part = part(entry.section, &given, &entry.found)
                .map_err(|error| at(&entry.place, entry.section, &given, error))?;
            parts.push(part);
        }
        tell_apart(&mut parts)?;
        share_the_monitor(&mut parts);
        share_policies(&mut parts);
        Ok(Self { parts, python })
    }

    /// The managers of ours in it.
    pub(crate) fn managers(&self) -> impl Iterator<Item = &ManagerConfig> {
        self.parts.iter().filter_map(|part| match part {
            Part::Manager(config) => Some(&**config),
            Part::Python(_) => None,
        })
    }
}

const PYTHON: &str = "python";
const ID: &str = "worker_manager_id";

fn python(found: &[Found]) -> Option<String> {
    found.iter().find(|found| found.key == PYTHON).and_then(|found| match &found.raw {
        Raw::Text(python) => Some(python.clone()),
        _ => None,
    })
}

fn serves(found: &Found, entries: &[Entry]) -> bool {
    entries.iter().any(|entry| entry.section.specs().any(|spec| spec.key == found.key))
}

fn part(section: &'static Section, given: &[Found], in_file: &[Found]) -> Result<Part, OptionError> {
    if let Some(kind) = kind_of(section) {
        return Ok(Part::Manager(Box::new(ManagerConfig::merged(kind, given, in_file)?)));
    }
    let mut values = values(section, given, in_file)?;
    let mut given: BTreeSet<&'static str> = given.iter().chain(in_file).map(|found| found.key).collect();
    if values.has(ID) {
        // Its command insists on one.
        values.fill(ID, Value::Text(usual_name(section)));
        given.insert(ID);
    }
    Ok(Part::Python(PythonConfig { section, values, given }))
}

/// What is missing is said of the entry in which it is missing, and not of a flag that nobody has given.
fn at(place: &str, section: &Section, given: &[Found], error: OptionError) -> OptionError {
    let is_given = |spec: &OptionSpec| given.iter().any(|found| found.key == spec.key);
    match section.specs().find(|spec| spec.flag() == error.origin && !is_given(spec)) {
        Some(spec) => {
            let sample = spec.sample.map_or_else(|| "…".to_owned(), |sample| format!("\"{sample}\""));
            let problem = if spec.preset == Preset::Required {
                format!("it is required; write {} = {sample}", spec.key)
            } else {
                error.problem
            };
            OptionError::new(format!("{place}: {}", spec.key), problem)
        }
        None => error,
    }
}

/// No two managers may share a name or a folder. Names that were made up give way to those that were given, and are
/// numbered.
fn tell_apart(parts: &mut [Part]) -> Result<(), OptionError> {
    let (mut names, mut folders) = (BTreeSet::new(), BTreeSet::new());
    let given = |part: &&Part| !matches!(part, Part::Manager(config) if config.is_name_made_up);
    for values in parts.iter().filter(given).map(Part::values).filter(|values| values.has(ID)) {
        let name = values.text(ID);
        if !names.insert(name.clone()) {
            return Err(
                values.problem(ID, format!("another manager of this file is named `{name}`, too; give each its own"))
            );
        }
    }
    for part in parts {
        let values = part.values();
        if values.has("state_dir")
            && let Some(folder) = values.maybe_text("state_dir")
            && !folders.insert(folder.clone())
        {
            return Err(values.problem("state_dir", format!("two managers cannot share the folder {folder}")));
        }
        let Part::Manager(config) = part else { continue };
        if config.is_name_made_up && !names.insert(config.manager.to_string()) {
            let name = config.manager.to_string();
            let free = (2..).map(|number| format!("{name}-{number}")).find(|name| names.insert(name.clone()));
            config.rename(free.unwrap_or(name));
        }
    }
    Ok(())
}

/// Managers hear the scheduler of the same file where it publishes, unless they are told of another place.
fn share_the_monitor(parts: &mut [Part]) {
    let of_scheduler = parts.iter().find_map(|part| match part {
        Part::Python(config) if config.section.name == "scheduler" => {
            Some((config.values.address("bind_address"), config.values.maybe_address("monitor_address")?))
        }
        _ => None,
    });
    let Some((bind, monitor)) = of_scheduler else { return };
    for part in parts {
        let Part::Manager(config) = part else { continue };
        let scheduler = config.values.address("scheduler_address");
        let is_told = *config.values.origin("monitor_address") != Origin::Default;
        if is_told || config.values.get("monitor_address").is_none() || scheduler.port != bind.port {
            continue;
        }
        // It may listen at every address of its host, which is none to connect to.
        let host = if monitor.host == bind.host { scheduler.host } else { monitor.host.clone() };
        config.values.replace("monitor_address", Value::Address(Address { host, ..monitor.clone() }));
    }
}

/// Managers that follow the same policy for the same scheduler share one engine.
fn share_policies(parts: &mut [Part]) {
    let mut engines: Vec<(Address, Followed)> = Vec::new();
    for part in parts {
        let Part::Manager(config) = part else { continue };
        let (Some(followed), Some(monitor)) = (&mut config.followed, config.values.maybe_address("monitor_address"))
        else {
            continue;
        };
        let has_engine = engines.iter().any(|(known, engine)| *known == monitor && followed.share(engine));
        if !has_engine {
            engines.push((monitor, followed.clone()));
        }
    }
}
