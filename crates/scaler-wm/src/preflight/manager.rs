//! One manager of ours.

use std::{path::PathBuf, pin::Pin, rc::Rc, time::Duration};

use scaler_wm_core::{Address, Check};
use scaler_wm_options::fixed_concurrency;
use scaler_wm_wire::Version;
use tokio::time::timeout;

use super::{
    Around, bad, folder, place, policy, python,
    scheduler::{self, Way},
};
use crate::{backends::Workers, config::ManagerConfig, exit::Failure};

/// What is looked at by a backend has bounds of its own; this is for those that have none.
const BACKEND_WITHIN: Duration = Duration::from_secs(60);
const SCHEDULER: &str = "scheduler";

/// One manager of ours.
pub(super) struct Manager {
    config: ManagerConfig,
    around: Rc<Around>,
    /// What its backend looks at.
    backend: Option<Pin<Box<dyn Future<Output = Vec<Check>>>>>,
}

impl Manager {
    /// # Errors
    /// When its options do not go together.
    pub(super) fn new(mut config: ManagerConfig, around: Rc<Around>) -> Result<Self, Failure> {
        config.with_state_folder();
        let backend = config.kind.preflight(&config.values, &config.manager, config.limit)?;
        Ok(Self { config, around, backend })
    }

    /// Looks at everything that it needs.
    pub(super) async fn look(mut self) -> Vec<Check> {
        let backend = self.backend.take();
        let mut checks = Vec::new();
        if let Err(failure) = self.config.check_that_it_can_run() {
            checks.push(bad("build", &failure.text()));
        }
        let looks = async {
            let Some(backend) = backend else { return Vec::new() };
            timeout(BACKEND_WITHIN, backend).await.unwrap_or_else(|_| {
                let found = format!("what it needs was not found out within {} s", BACKEND_WITHIN.as_secs());
                vec![Check::bad("backend", found, "see whether its infrastructure answers at all")]
            })
        };
        let (ours, theirs) = tokio::join!(self.here(), looks);
        checks.extend(ours);
        checks.extend(theirs);
        checks
    }

    /// What every kind needs.
    async fn here(&self) -> Vec<Check> {
        let Self { config, around, .. } = self;
        let values = &config.values;
        let (folder, identity) = folder::look(config);
        let way = Way {
            scheduler: values.address("scheduler_address"),
            monitor: values.maybe_address("monitor_address"),
            trust: config.trust.clone(),
        };
        let is_fixed = fixed_concurrency(values).is_some();
        let (mut checks, version) = match &around.scheduler {
            Some(bound) if place::is_same(&way.scheduler, bound) => {
                let why = "this file starts it, so it is not there yet";
                (vec![Check::skipped(SCHEDULER, why)], python::version_of_parts(around).await)
            }
            _ => self.heard(&way, identity.as_deref(), is_fixed).await,
        };
        checks.push(folder);
        checks.extend(self.for_workers(&way).await);
        if values.has("python") {
            let given = values.maybe_text("python").map(PathBuf::from);
            checks.push(python::check(&around.pythons.look(given.as_deref()).await, version));
        }
        checks.extend(policy::of_manager(config));
        checks
    }

    /// What a scheduler that is not this file's says.
    async fn heard(&self, way: &Way, identity: Option<&str>, is_fixed: bool) -> (Vec<Check>, Option<Version>) {
        let cell = self.around.schedulers.hear(way).await;
        let Some(heard) = cell.get() else { return (Vec::new(), None) };
        let mut checks = vec![scheduler::reached(way, heard)];
        // In fixed mode only workers connect.
        if !is_fixed {
            checks.push(scheduler::monitored(way, heard, self.config.followed.is_some()));
            checks.push(scheduler::is_free(heard, &self.config.manager, identity));
            if self.config.followed.is_none() {
                let why = "what a running scheduler's policy is nobody is told; a manager warns when it is never asked";
                checks.push(Check::skipped("policy", why));
            }
        }
        (checks, heard.greeting.as_ref().ok().copied())
    }

    /// Addresses that workers are told.
    async fn for_workers(&self, way: &Way) -> Vec<Check> {
        let values = &self.config.values;
        let mut checks = Vec::new();
        if let Some(address) = values.maybe_address("worker_scheduler_address") {
            let is_other = address != way.scheduler;
            checks.extend(self.told("workers' scheduler", "--worker-scheduler-address", address, is_other, way).await);
        }
        if let Some(address) = values.maybe_address("object_storage_address") {
            let is_ours = self.around.storage.as_ref().is_some_and(|bound| place::is_same(&address, bound));
            let is_asked = !is_ours;
            checks.extend(self.told("object storage", "--object-storage-address", address, is_asked, way).await);
        }
        checks
    }

    async fn told(&self, name: &str, flag: &str, address: Address, is_asked: bool, way: &Way) -> Option<Check> {
        match self.config.kind.workers {
            Workers::Elsewhere if place::is_loopback(&address) => {
                let found = format!("workers run on other hosts and are told {address}, where each finds its own host");
                let todo = format!("name this host as they see it by {flag}, and let it listen there");
                Some(Check::doubtful(name, found, todo))
            }
            Workers::Elsewhere | Workers::Anywhere => {
                let why = format!("whether workers reach {address} from where they run cannot be seen from here");
                Some(Check::skipped(name, why))
            }
            Workers::Here if !is_asked => None,
            Workers::Here => Some(match scheduler::greet(&address, way).await {
                Ok(_) => Check::good(name, format!("{address} answers")),
                Err(told) => told.bad(name),
            }),
        }
    }
}
