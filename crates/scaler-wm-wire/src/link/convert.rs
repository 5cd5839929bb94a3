//! Where messages of the wire become types of the core, and back.

use bytes::Bytes;
use scaler_wm_core::{Address, AddressError, Capabilities, Request, Scheme, Wish};

use super::LinkSettings;
use crate::{
    Message,
    message::{Capability, StorageAddress, WorkerManagerCommand, WorkerManagerHeartbeat},
};

pub(super) fn heartbeat(settings: &LinkSettings) -> Message {
    Message::WorkerManagerHeartbeat(WorkerManagerHeartbeat {
        max_task_concurrency: settings.offered,
        capabilities: Capability::list(&settings.capabilities),
        manager_id: Bytes::copy_from_slice(settings.manager.as_str().as_bytes()),
    })
}

pub(super) fn wish(command: WorkerManagerCommand) -> Wish {
    let requests = command.requests.into_iter().map(|request| Request {
        task_concurrency: request.task_concurrency,
        capabilities: request.capabilities.into_iter().collect(),
    });
    Wish::Follow(requests.collect())
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(wire: I) -> Self {
        wire.into_iter().map(|capability| (capability.name, capability.value)).collect()
    }
}

impl Capability {
    /// What has these capabilities says of itself.
    #[must_use]
    pub fn list(capabilities: &Capabilities) -> Vec<Self> {
        capabilities.iter().map(|(name, value)| Self { name: name.to_owned(), value }).collect()
    }
}

impl StorageAddress {
    /// The same as users write it.
    ///
    /// # Errors
    /// When it is none that can be used.
    pub fn address(&self) -> Result<Address, AddressError> {
        let Self { host, port, scheme } = self;
        // IPv6 addresses have brackets where a port follows.
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.clone() };
        let port = if scheme == Scheme::Ipc.as_str() { String::new() } else { format!(":{port}") };
        format!("{scheme}://{host}{port}").parse()
    }
}
