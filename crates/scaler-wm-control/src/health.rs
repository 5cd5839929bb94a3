//! The standard health service: of every manager under its name, of all together under none.

use std::{pin::Pin, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, server::NamedService};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health,
};

use crate::{
    Registry,
    http::readiness,
    service::Service,
    v1::{policy_engine_server::PolicyEngineServer, worker_managers_server::WorkerManagersServer},
    watch::place_of_watcher,
};

/// How often a watcher looks. A scheduler that is lost is lost for longer.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// Serves [`Health`].
pub(crate) struct Healths {
    registry: Registry,
    is_over: watch::Receiver<bool>,
}

impl Healths {
    pub(crate) const fn new(registry: Registry, is_over: watch::Receiver<bool>) -> Self {
        Self { registry, is_over }
    }
}

/// How a service is; `None` if nobody knows it.
fn status(registry: &Registry, service: &str) -> Option<ServingStatus> {
    let is_ready = match service {
        "" => readiness(&registry.controls()).is_good,
        // These answer whatever becomes of managers.
        <WorkerManagersServer<Service> as NamedService>::NAME
        | <PolicyEngineServer<crate::policy::Policies> as NamedService>::NAME => true,
        manager => readiness(&[registry.find(manager).ok()?.control]).is_good,
    };
    Some(if is_ready { ServingStatus::Serving } else { ServingStatus::NotServing })
}

const fn told(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status as i32 }
}

#[tonic::async_trait]
impl Health for Healths {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        let unknown = || Status::not_found(format!("there is no service and no manager {service} here"));
        Ok(Response::new(told(status(&self.registry, &service).ok_or_else(unknown)?)))
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let service = request.into_inner().service;
        let (registry, mut is_over) = (self.registry.clone(), self.is_over.clone());
        let place = place_of_watcher()?;
        let (say, said) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut last = None;
            loop {
                let now = status(&registry, &service).unwrap_or(ServingStatus::ServiceUnknown);
                if last.replace(now) != Some(now) && say.send(told(now)).await.is_err() {
                    break;
                }
                tokio::select! {
                    () = sleep(LOOKS_EVERY) => {}
                    () = say.closed() => break,
                    _ = is_over.wait_for(|is_over| *is_over) => break,
                }
            }
            drop(place);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(said).map(Ok))))
    }
}
