//! The service by which managers are watched and told what to do.

use scaler_wm_core::{
    Chain, UnitId,
    control::{Command, Refusal},
};
use tokio::sync::watch::Receiver;
use tonic::{Request, Response, Status};

use crate::{
    Managed, Registry, convert,
    v1::{self, worker_managers_server::WorkerManagers},
    watch::{Watching, watch},
};

/// Units of a page when nobody says how many.
const USUAL_PAGE: usize = 1000;
/// The most units of a page.
const LARGEST_PAGE: usize = 10_000;

/// Serves [`WorkerManagers`].
pub(crate) struct Service {
    registry: Registry,
    is_over: Receiver<bool>,
}

impl Service {
    pub(crate) const fn new(registry: Registry, is_over: Receiver<bool>) -> Self {
        Self { registry, is_over }
    }

    async fn tell(&self, manager: &str, command: Command) -> Result<(), Status> {
        let managed = self.registry.find(manager)?;
        managed.control.ask(command).await.map_err(|refusal: Refusal| convert::refusal(&refusal))
    }
}

fn unit(name: &str) -> Result<UnitId, Status> {
    if name.is_empty() {
        return Err(Status::invalid_argument("name a unit; ListUnits tells their names"));
    }
    Ok(UnitId::from(name))
}

#[tonic::async_trait]
impl WorkerManagers for Service {
    type WatchEventsStream = Watching;

    async fn get_status(
        &self,
        request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        let manager = request.into_inner().manager;
        let managers = if manager.is_empty() { self.registry.all() } else { vec![self.registry.find(&manager)?] };
        Ok(Response::new(convert::standing(&managers)))
    }

    async fn list_units(
        &self,
        request: Request<v1::ListUnitsRequest>,
    ) -> Result<Response<v1::ListUnitsResponse>, Status> {
        let v1::ListUnitsRequest { manager, page_size, page_token } = request.into_inner();
        let Managed { control, .. } = self.registry.find(&manager)?;
        let size = match usize::try_from(page_size) {
            Ok(0) | Err(_) => USUAL_PAGE,
            Ok(size) => size.min(LARGEST_PAGE),
        };
        let (status, place) = (control.status(), control.place());
        // By name: units that come and go between two pages shift nothing.
        let mut units: Vec<_> = status.units.iter().filter(|unit| unit.id.as_str() > page_token.as_str()).collect();
        units.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let is_last = units.len() <= size;
        units.truncate(size);
        let next_page_token = match units.last() {
            Some(last) if !is_last => last.id.to_string(),
            _ => String::new(),
        };
        let units = units.into_iter().map(|unit| convert::unit(unit, &place)).collect();
        Ok(Response::new(v1::ListUnitsResponse { units, next_page_token }))
    }

    async fn watch_events(
        &self,
        request: Request<v1::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let v1::WatchEventsRequest { manager, after } = request.into_inner();
        let managed = self.registry.find(&manager)?;
        watch(managed.control, after, self.is_over.clone()).map(Response::new)
    }

    async fn explain(&self, request: Request<v1::ExplainRequest>) -> Result<Response<v1::ExplainResponse>, Status> {
        let managed = self.registry.find(&request.into_inner().manager)?;
        Ok(Response::new(convert::explanation(&managed)))
    }

    async fn set_limits(
        &self,
        request: Request<v1::SetLimitsRequest>,
    ) -> Result<Response<v1::SetLimitsResponse>, Status> {
        let v1::SetLimitsRequest { manager, bounds } = request.into_inner();
        self.tell(&manager, Command::SetBounds(bounds.map(convert::wanted_bounds))).await?;
        Ok(Response::new(v1::SetLimitsResponse {}))
    }

    async fn drain(&self, request: Request<v1::DrainRequest>) -> Result<Response<v1::DrainResponse>, Status> {
        let v1::DrainRequest { manager, unit } = request.into_inner();
        let command = if unit.is_empty() { Command::Drain } else { Command::DrainUnit(UnitId::from(unit)) };
        self.tell(&manager, command).await?;
        Ok(Response::new(v1::DrainResponse {}))
    }

    async fn undrain(&self, request: Request<v1::UndrainRequest>) -> Result<Response<v1::UndrainResponse>, Status> {
        let v1::UndrainRequest { manager, unit } = request.into_inner();
        let command = if unit.is_empty() { Command::Undrain } else { Command::UndrainUnit(UnitId::from(unit)) };
        self.tell(&manager, command).await?;
        Ok(Response::new(v1::UndrainResponse {}))
    }

    async fn stop_unit(&self, request: Request<v1::StopUnitRequest>) -> Result<Response<v1::StopUnitResponse>, Status> {
        let request = request.into_inner();
        self.tell(&request.manager, Command::StopUnit(unit(&request.unit)?)).await?;
        Ok(Response::new(v1::StopUnitResponse {}))
    }

    async fn shutdown(&self, request: Request<v1::ShutdownRequest>) -> Result<Response<v1::ShutdownResponse>, Status> {
        self.tell(&request.into_inner().manager, Command::Shutdown).await?;
        Ok(Response::new(v1::ShutdownResponse {}))
    }

    async fn list_launches(
        &self,
        request: Request<v1::ListLaunchesRequest>,
    ) -> Result<Response<v1::ListLaunchesResponse>, Status> {
        let managed = self.registry.find(&request.into_inner().manager)?;
        let entries = managed.control.launches().await;
        let entries = entries.map_err(|error| Status::unavailable(Chain(&error).to_string()))?;
        Ok(Response::new(v1::ListLaunchesResponse { launches: entries.iter().map(convert::launch).collect() }))
    }
}
