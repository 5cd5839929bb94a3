//! `preflight`: what would go wrong is found before anything is started, and before money is spent.
//!
//! It starts nothing, makes nothing and changes nothing. Every look has a bound in time.

mod folder;
mod manager;
mod parts;
mod place;
mod policy;
mod python;
mod report;
mod scheduler;

use std::{path::PathBuf, rc::Rc};

use scaler_wm_core::{Address, Check};
use scaler_wm_options::Section;
use tokio::task::LocalSet;

use crate::{
    cli::{PreflightCall, PreflightOf},
    config::{ManagerConfig, Part, StackConfig},
    control::Plan,
    exit::Failure,
    preflight::{manager::Manager, parts::Parts, python::Pythons, report::Report, scheduler::Schedulers},
};

/// Looks at everything that a file, or one manager, needs.
///
/// # Errors
/// When the command line or the file is wrong, and when a check has failed.
pub(crate) fn preflight(call: &PreflightCall) -> Result<(), Failure> {
    let config = match &call.of {
        PreflightOf::Manager(call) => {
            StackConfig { parts: vec![Part::Manager(Box::new(ManagerConfig::new(call)?))], python: None }
        }
        PreflightOf::File(call) => StackConfig::new(call)?,
    };
    // Options that do not go together are the user's mistake like any other: nothing is looked at then.
    let subjects = subjects(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    let report = LocalSet::new().block_on(&runtime, Report::new(call.is_json).all(subjects))?;
    // A program that does not answer may still have a thread that waits for it.
    runtime.shutdown_background();
    report.end()
}

/// What is looked at together.
struct Subject {
    /// Its name: a section, or a manager's id.
    name: String,
    /// What is found.
    checks: Box<dyn FnOnce() -> report::Look>,
}

impl Subject {
    fn new<F: Future<Output = Vec<Check>> + 'static>(name: impl Into<String>, look: F) -> Self {
        Self { name: name.into(), checks: Box::new(move || Box::pin(look)) }
    }
}

/// What the looks of one file share.
struct Around {
    schedulers: Schedulers,
    pythons: Pythons,
    /// The scheduler that this file starts.
    scheduler: Option<Address>,
    /// The object storage server that this file starts.
    storage: Option<Address>,
    /// The interpreter of the file's parts.
    python: Option<PathBuf>,
}

impl Around {
    fn new(config: &StackConfig) -> Self {
        let bound = |name: &str| {
            config.parts.iter().find_map(|part| match part {
                Part::Python(part) if part.section.name == name => Some(part.values.address("bind_address")),
                _ => None,
            })
        };
        Self {
            schedulers: Schedulers::default(),
            pythons: Pythons::default(),
            scheduler: bound("scheduler"),
            storage: bound("object_storage_server"),
            python: config.python.as_deref().map(PathBuf::from),
        }
    }
}

/// What there is to look at, in the order in which it starts.
fn subjects(config: StackConfig) -> Result<Vec<Subject>, Failure> {
    let around = Rc::new(Around::new(&config));
    let policy = policy::of_scheduler(&config);
    let listeners = Plan::new(config.managers())?.checks();
    let mut subjects = Vec::with_capacity(config.parts.len() + 1);
    if config.parts.iter().any(|part| matches!(part, Part::Python(_))) {
        let around = Rc::clone(&around);
        let look = async move { vec![python::of_parts(&around).await] };
        subjects.push(Subject::new("package", look));
    }
    if !listeners.is_empty() {
        subjects.push(Subject::new("control plane", async move { listeners }));
    }
    for part in config.parts {
        match part {
            Part::Python(part) => {
                let policy = policy.clone().filter(|_| part.section.name == "scheduler");
                let name = part_name(part.section, part.values.has("worker_manager_id"), &part.values);
                let parts = Parts { config: part, around: Rc::clone(&around) };
                subjects.push(Subject::new(name, async move {
                    let mut checks = parts.look().await;
                    checks.extend(policy);
                    checks
                }));
            }
            Part::Manager(config) => {
                let name = config.manager.to_string();
                let manager = Manager::new(*config, Rc::clone(&around))?;
                subjects.push(Subject::new(name, manager.look()));
            }
        }
    }
    Ok(subjects)
}

fn part_name(section: &Section, is_manager: bool, values: &scaler_wm_core::options::Values) -> String {
    if is_manager { values.text("worker_manager_id") } else { section.name.to_owned() }
}

/// A check that failed with words that end in what to do.
fn bad(name: &str, words: &str) -> Check {
    let (found, todo) = words.rsplit_once("; ").unwrap_or((words, "mend that first"));
    Check::bad(name, found, todo)
}
