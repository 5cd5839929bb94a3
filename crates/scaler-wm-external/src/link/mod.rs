//! A link whose wishes are pushed by gRPC.

mod seat;
mod service;

use std::sync::Arc;

use async_trait::async_trait;
use scaler_wm_core::{Capabilities, Clock, LinkEvent, LinkFacts, ManagerId, Result, SchedulerLink, Sizing, WorkerId};
use tokio::{sync::mpsc, task::AbortHandle};
use tonic::transport::Server;
use tracing::error;

use self::{seat::Seat, service::Service};
use crate::{Listener, v1::external_scheduler_server::ExternalSchedulerServer};

/// Events that may wait for the manager; whoever sends more waits as well.
const WAITING: usize = 16;

/// What a scheduler is told that attaches.
#[derive(Clone, Debug)]
pub struct LinkHello {
    /// The manager's name.
    pub manager: ManagerId,
    /// Task concurrency of one unit.
    pub task_concurrency_per_unit: u32,
    /// What its workers can do.
    pub capabilities: Capabilities,
}

impl LinkHello {
    /// What there is to say of a manager of that name and sizing.
    #[must_use]
    pub fn new(manager: ManagerId, sizing: &Sizing) -> Self {
        Self { manager, task_concurrency_per_unit: sizing.per_unit.get(), capabilities: sizing.capabilities.clone() }
    }
}

/// A link whose wishes are pushed by gRPC, for schedulers that are not Scaler's.
///
/// While no scheduler is attached, the link is down: units stay and no new ones start.
#[derive(Debug)]
pub struct GrpcLink {
    events: mpsc::Receiver<LinkEvent>,
    seat: Arc<Seat>,
    server: AbortHandle,
    /// Why nothing more will come, once that is so.
    closed: Option<String>,
}

impl GrpcLink {
    /// Serves the link at `listener` for as long as it is there.
    ///
    /// Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When the listener's address is not known to the system.
    pub fn serve(listener: Listener, hello: &LinkHello, clock: Clock) -> Result<Self> {
        let address = listener.address().map_err(|error| {
            let kind = scaler_wm_core::ErrorKind::Failed;
            scaler_wm_core::Error::new(kind, "serve the scheduler's link", "").with_source(error)
        })?;
        let (sender, events) = mpsc::channel(WAITING);
        let seat = Arc::new(Seat::new(address));
        let service = Service::new(hello, Arc::clone(&seat), sender.clone(), clock);
        let router = Server::builder().add_service(ExternalSchedulerServer::new(service));
        let server = tokio::spawn(async move {
            let served = listener.serve(router, std::future::pending()).await;
            if let Err(error) = served {
                error!(%error, "the scheduler's link can be served no more");
                let reason = format!("the scheduler's link can be served no more: {error}");
                // Nobody hears it where the manager has ended.
                let _ = sender.send(LinkEvent::Closed(reason)).await;
            }
        });
        Ok(Self { events, seat, server: server.abort_handle(), closed: None })
    }
}

impl Drop for GrpcLink {
    fn drop(&mut self) {
        self.server.abort();
        self.seat.empty();
    }
}

#[async_trait]
impl SchedulerLink for GrpcLink {
    async fn next(&mut self) -> LinkEvent {
        if let Some(reason) = &self.closed {
            return LinkEvent::Closed(reason.clone());
        }
        // Cancel safe, as a channel is.
        let event = self.events.recv().await;
        let event = event.unwrap_or_else(|| LinkEvent::Closed("the scheduler's link has ended".to_owned()));
        if let LinkEvent::Closed(reason) = &event {
            self.closed = Some(reason.clone());
        }
        event
    }

    fn worker_gone(&self, worker: WorkerId) {
        self.seat.worker_gone(worker);
    }

    fn nudge(&self) {
        self.seat.nudge();
    }

    fn facts(&self) -> LinkFacts {
        LinkFacts { peer: Some(self.seat.address()), protocol: Some(Arc::from("scaler_wm.v1")), why: None, lag: None }
    }
}
