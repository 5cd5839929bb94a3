//! The provider by itself does what every provider has to, at the emulator.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use scaler_wm_aws::{AwsSettings, Keys, WorkerCommand};
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{ManagerId, Provider, UnitId};
use scaler_wm_ecs::{EcsConfig, EcsProvider};
use scaler_wm_tests::{Cloud, Desired, EmulatorOptions, Faults, Result};

/// Each check has a manager of its own, so that nothing of the one before it is found.
struct Ecs {
    cloud: Cloud,
    managers: Mutex<u32>,
}

#[async_trait]
impl Fixture for Ecs {
    async fn provider(&self) -> Arc<dyn Provider> {
        let manager = {
            let mut managers = self.managers.lock().expect("no test panics with it");
            *managers += 1;
            ManagerId::from(format!("suite {managers}"))
        };
        let keys = Keys { id: "test".to_owned(), secret: "test".to_owned() };
        let aws = AwsSettings {
            keys: Some(keys),
            endpoint_url: Some(self.cloud.proxy.endpoint()),
            ..AwsSettings::new("us-east-1")
        };
        let address = "tcp://127.0.0.1:1".parse().expect("an address");
        let workers = WorkerCommand::new(address, manager, 1.try_into().expect("not 0"));
        let config = EcsConfig {
            observe_every: Duration::from_millis(200),
            ..EcsConfig::new(aws, vec!["subnet-1".to_owned()], workers)
        };
        Arc::new(EcsProvider::start(config).await.expect("a provider"))
    }

    async fn kill(&self, unit: &UnitId) {
        let kill = || {
            let tasks = self.cloud.emulator.tasks(Desired::Running).expect("an answer");
            let task = tasks.iter().find(|task| task.arn == unit.as_str()).expect("a unit that runs");
            self.cloud.emulator.stop_task(task, "the machine failed").expect("an end");
        };
        // The harness waits for answers, which a thread of a runtime must not.
        thread::scope(|scope| scope.spawn(kill).join()).expect("no panic");
    }

    fn tells_accidents(&self) -> bool {
        false
    }
}

fn suite(faults: Faults) -> Result<()> {
    let cloud = Cloud::start(&EmulatorOptions { executes: false, ..EmulatorOptions::default() })?;
    cloud.proxy.set_faults(faults);
    let fixture = Ecs { cloud, managers: Mutex::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(provider_suite(&fixture));
    Ok(())
}

#[test]
fn the_suite_over_the_emulator() -> Result<()> {
    suite(Faults::default())
}

#[test]
fn the_suite_over_lists_that_lag_and_stops_that_take_their_time() -> Result<()> {
    suite(Faults { list_lag: 1.0, stop_lag: 1.0, ..Faults::default() })
}
