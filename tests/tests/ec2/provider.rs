//! The provider by itself does what every provider has to, at the emulator.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use scaler_wm_aws::{AwsSettings, Keys, WorkerCommand};
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{ManagerId, Provider, UnitId};
use scaler_wm_ec2::{Ec2Config, Ec2Provider};
use scaler_wm_tests::{Ec2Cloud, Ec2Options, Faults, IMAGE, Result};

/// Each check has a manager of its own, so that nothing of the one before it is found.
struct Ec2 {
    cloud: Ec2Cloud,
    managers: Mutex<u32>,
}

#[async_trait]
impl Fixture for Ec2 {
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
        let config = Ec2Config { observe_every: Duration::from_millis(200), ..Ec2Config::new(aws, IMAGE, workers) };
        Arc::new(Ec2Provider::start(config).await.expect("a provider"))
    }

    async fn kill(&self, unit: &UnitId) {
        let kill = || {
            let instance = self.cloud.emulator.instance(unit.as_str()).expect("a unit");
            self.cloud.emulator.terminate(&instance).expect("an end");
        };
        // The harness waits for answers, which a thread of a runtime must not.
        thread::scope(|scope| scope.spawn(kill).join()).expect("no panic");
    }

    fn tells_accidents(&self) -> bool {
        false
    }
}

fn suite(faults: Faults) -> Result<()> {
    let cloud = Ec2Cloud::start(&Ec2Options { executes: false, ..Ec2Options::default() })?;
    cloud.proxy.set_faults(faults);
    let fixture = Ec2 { cloud, managers: Mutex::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(provider_suite(&fixture));
    Ok(())
}

#[test]
fn the_suite_over_the_emulator() -> Result<()> {
    suite(Faults::default())
}

#[test]
fn the_suite_over_lists_that_lag_and_ends_that_take_their_time() -> Result<()> {
    suite(Faults { list_lag: 1.0, stop_lag: 1.0, ..Faults::default() })
}
