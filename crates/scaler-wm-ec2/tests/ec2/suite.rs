//! The provider does what every provider has to.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{Provider, UnitId};

use crate::fake::Fake;

struct Ec2 {
    lag: Duration,
    last: Mutex<Fake>,
}

#[async_trait]
impl Fixture for Ec2 {
    async fn provider(&self) -> Arc<dyn Provider> {
        let fake = Fake::default();
        fake.lag(self.lag);
        *self.last.lock().unwrap() = fake.clone();
        Arc::new(fake.provider(|_| {}).await.unwrap())
    }

    async fn kill(&self, unit: &UnitId) {
        self.last.lock().unwrap().kill(unit.as_str());
    }

    fn tells_accidents(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn the_suite() {
    provider_suite(&Ec2 { lag: Duration::ZERO, last: Mutex::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_over_lists_that_lag() {
    provider_suite(&Ec2 { lag: Duration::from_secs(4), last: Mutex::default() }).await;
}
