//! The provider does what every provider has to.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use scaler_wm_conformance::{Fixture, provider_suite};
use scaler_wm_core::{Provider, UnitId};

use crate::fake::Fake;

/// Requests that take so many looks.
struct Orb {
    after: u32,
    last: Mutex<Fake>,
}

#[async_trait]
impl Fixture for Orb {
    async fn provider(&self) -> Arc<dyn Provider> {
        let fake = Fake::default();
        fake.slow(self.after);
        *self.last.lock().unwrap() = fake.clone();
        Arc::new(fake.provider().await)
    }

    async fn kill(&self, unit: &UnitId) {
        self.last.lock().unwrap().cloud(unit.as_str(), "terminated");
    }

    fn tells_accidents(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn the_suite() {
    provider_suite(&Orb { after: 0, last: Mutex::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_over_requests_that_take_their_time() {
    provider_suite(&Orb { after: 3, last: Mutex::default() }).await;
}
