//! The provider does what every provider has to, over a real server.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{ManagerId, Provider, UnitId};
use scaler_wm_ec2::{OrbConfig, OrbProvider};
use scaler_wm_tests::{Ec2Cloud, Ec2Options, OrbServer, Result};

struct Orb {
    template: &'static str,
    server: OrbServer,
    cloud: Ec2Cloud,
    managers: Mutex<u32>,
}

#[async_trait]
impl Fixture for Orb {
    async fn provider(&self) -> Arc<dyn Provider> {
        let name = {
            let mut managers = self.managers.lock().expect("no test panics with it");
            *managers += 1;
            format!("suite {managers}")
        };
        let mut config = OrbConfig::new(self.server.url(), self.template, ManagerId::from(name.as_str()));
        config.token = Some(self.server.token(&name, "operator", 3_600).expect("a token"));
        config.observe_every = Duration::from_millis(300);
        Arc::new(OrbProvider::start(config).await.expect("a provider"))
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

fn suite(template: &'static str) -> Result<()> {
    let cloud = Ec2Cloud::start(&Ec2Options { executes: false, ..Ec2Options::default() })?;
    let server = OrbServer::start(&cloud)?;
    let fixture = Orb { template, server, cloud, managers: Mutex::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(provider_suite(&fixture));
    fixture.cloud.until_nothing_left(10.0)
}

#[test]
fn the_suite_over_instances_of_their_own() -> Result<()> {
    suite(OrbServer::RUN)
}

#[test]
fn the_suite_over_instances_of_fleets() -> Result<()> {
    suite(OrbServer::FLEET)
}
