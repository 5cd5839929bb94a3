//! Hears what ended.

use std::sync::Arc;

use super::Hub;

pub(super) async fn run(hub: Arc<Hub>) {
    loop {
        let completion = hub.executor.next().await;
        hub.ended(completion);
    }
}
