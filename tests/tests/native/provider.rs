//! The provider by itself does what every provider has to, in each way of starting workers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process};
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{ManagerId, Provider, UnitId};
use scaler_wm_native::{NativeConfig, NativeProvider, Ways, WorkerSettings};
use scaler_wm_tests::{LATEST, OLDEST, Result, Stack, StackOptions};

/// A native provider whose workers find a real scheduler.
struct Native {
    config: NativeConfig,
    last: Mutex<Option<Arc<NativeProvider>>>,
}

#[async_trait]
impl Fixture for Native {
    async fn provider(&self) -> Arc<dyn Provider> {
        let provider = Arc::new(NativeProvider::start(self.config.clone()).await.expect("a provider"));
        *self.last.lock().expect("no test panics with it") = Some(Arc::clone(&provider));
        provider
    }

    async fn kill(&self, unit: &UnitId) {
        let provider = self.last.lock().expect("no test panics with it").clone().expect("a check asks for it first");
        let pid = provider.pid(unit).and_then(Pid::from_raw).expect("a unit that runs");
        kill_process(pid, Signal::KILL).expect("a worker of ours");
    }
}

fn suite(release: &'static str, ways: Ways) -> Result<()> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let address = stack.address().parse().expect("an address");
    let fixture = Native {
        config: NativeConfig {
            python: Some(stack.venv().python()),
            ways,
            ..NativeConfig::new(WorkerSettings::new(address, ManagerId::from("suite")))
        },
        last: Mutex::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(provider_suite(&fixture));
    Ok(())
}

#[test]
fn the_suite_over_forked_workers() -> Result<()> {
    suite(LATEST, Ways::default())
}

#[test]
fn the_suite_over_forked_workers_of_the_oldest_release() -> Result<()> {
    suite(OLDEST, Ways::default())
}

#[test]
fn the_suite_over_plainly_started_workers() -> Result<()> {
    suite(LATEST, Ways { fork_workers: false, ..Ways::default() })
}

#[test]
fn the_suite_over_workers_that_cannot_be_asked() -> Result<()> {
    suite(LATEST, Ways { hooks: false, ..Ways::default() })
}
