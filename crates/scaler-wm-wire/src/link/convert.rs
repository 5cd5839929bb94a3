//! Where messages of the wire become types of the core, and back.

use bytes::Bytes;
use scaler_wm_core::{Capabilities, Request, Wish, WorkerId};

use super::LinkSettings;
use crate::{
    Message, Version,
    message::{Capability, DisconnectRequest, WorkerManagerCommand, WorkerManagerHeartbeat},
    ymq::Identity,
};

pub(super) fn heartbeat(settings: &LinkSettings) -> Message {
    Message::WorkerManagerHeartbeat(WorkerManagerHeartbeat {
        max_task_concurrency: settings.offered,
        capabilities: settings
            .capabilities
            .iter()
            .map(|(name, value)| Capability { name: name.to_owned(), value })
            .collect(),
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

pub(super) fn identity(worker: &WorkerId) -> Identity {
    Identity::from(worker.as_bytes())
}

/// What a worker says when it leaves.
pub(super) fn farewell(worker: WorkerId, version: Version) -> Message {
    match version {
        Version::V1 => Message::DisconnectRequest(DisconnectRequest { worker }),
        Version::V2 => Message::WorkerDisconnectNotification,
    }
}
