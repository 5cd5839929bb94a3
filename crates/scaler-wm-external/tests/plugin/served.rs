//! A provider in memory, served by a process of its own as far as anybody can tell.

use std::{path::Path, sync::Arc};

use scaler_wm_core::{Address, Launch, ManagerId, Provider, Tier, Timestamp};
use scaler_wm_external::{ExternalConfig, ExternalProvider, Listener, serve_provider};
use tokio::runtime::Runtime;

/// A runtime that serves. All that is underway in it ends with it, as with a process.
pub(crate) struct Served(Option<Runtime>);

impl Served {
    pub(crate) fn start(provider: Arc<dyn Provider>, socket: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = {
            let _entered = runtime.enter();
            Listener::unix(socket).unwrap()
        };
        runtime.spawn(serve_provider(provider, listener, std::future::pending()));
        Self(Some(runtime))
    }

    /// What is spawned while this is held is part of the served process.
    pub(crate) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.0.as_ref().expect("it is served").enter()
    }

    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn scheduler() -> Address {
    "tcp://127.0.0.1:1".parse().unwrap()
}

pub(crate) fn config(address: &str) -> ExternalConfig {
    let mut config = ExternalConfig::new(address.parse().unwrap(), ManagerId::from("m 1"), &scheduler());
    config.there_within = std::time::Duration::from_secs(2);
    config
}

pub(crate) fn at(socket: &Path) -> ExternalConfig {
    config(&format!("unix://{}", socket.display()))
}

pub(crate) fn launch(provider: &ExternalProvider, count: u32) -> Launch {
    provider.prepare(count.try_into().unwrap(), &Tier::default(), Timestamp::from_millis(1)).unwrap()
}
