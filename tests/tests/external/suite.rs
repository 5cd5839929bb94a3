//! The plug-in does what every provider has to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process};
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{ManagerId, Provider, UnitId};
use scaler_wm_external::{ExternalConfig, ExternalProvider};
use scaler_wm_tests::{Plugin, Result, Stack, StackOptions};

/// A plug-in whose workers find a real scheduler. Each check has a manager of its own.
struct Sample {
    stack: Stack,
    plugin: Plugin,
    managers: AtomicU32,
}

#[async_trait]
impl Fixture for Sample {
    async fn provider(&self) -> Arc<dyn Provider> {
        let manager = format!("suite {}", self.managers.fetch_add(1, Ordering::Relaxed));
        let (address, scheduler) = (self.plugin.address(), self.stack.address());
        let scheduler = scheduler.parse().expect("an address");
        let config = ExternalConfig::new(address.parse().expect("an address"), ManagerId::from(manager), &scheduler);
        Arc::new(ExternalProvider::start(config).await.expect("a provider"))
    }

    async fn kill(&self, unit: &UnitId) {
        let workers = Plugin::workers(&self.stack);
        let worker = workers.iter().find(|worker| worker.command.contains(unit.as_str())).expect("a unit that runs");
        kill_process(Pid::from_raw(worker.pid).expect("a process"), Signal::KILL).expect("a worker of ours");
    }
}

#[test]
fn the_suite_over_a_plug_in_in_python() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let plugin = Plugin::start(&stack)?;
    let sample = Sample { stack, plugin, managers: AtomicU32::new(0) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(provider_suite(&sample));
    sample.stack.check(Plugin::workers(&sample.stack).is_empty(), "no worker left", "there are")
}
