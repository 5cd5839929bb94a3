use std::{
    process::Command as Once,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use my_provider::ProcessProvider;
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{Clock, Provider, UnitId};
use tokio::process::Command;

#[derive(Default)]
struct Processes(Mutex<Option<Arc<ProcessProvider>>>);

#[async_trait]
impl Fixture for Processes {
    async fn provider(&self) -> Arc<dyn Provider> {
        let command = |_: &str| {
            let mut command = Command::new("sleep");
            command.arg("600");
            command
        };
        let provider = Arc::new(ProcessProvider::new(Box::new(command), Clock::system()));
        *self.0.lock().expect("a provider") = Some(Arc::clone(&provider));
        provider
    }

    async fn kill(&self, unit: &UnitId) {
        let provider = self.0.lock().expect("a provider").clone();
        let pid = provider.and_then(|provider| provider.pid(unit)).expect("a unit that is there");
        let status = Once::new("kill").args(["-9", &pid.to_string()]).status();
        assert!(status.expect("kill").success());
    }
}

#[tokio::test]
async fn the_suite() {
    provider_suite(&Processes::default()).await;
}
