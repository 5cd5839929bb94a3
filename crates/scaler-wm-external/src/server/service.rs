//! Maps the service to the provider seam.

use std::{
    collections::{BTreeMap, HashSet},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use scaler_wm_core::{Error, LaunchId, Launched, OpenLaunch, Provider, Receipt, Stop, StopAnswer, Unit, UnitId};
use tokio_stream::{Stream, StreamExt, wrappers::WatchStream};
use tonic::{Request, Response, Status};

use super::{ends::Ends, orders::Orders};
use crate::{
    PROTOCOL,
    convert::{info_of, launch, unit_message},
    failure::{failure_of, status_of},
    v1::{self, provider_server, stop_result},
};

/// One provider, for one manager.
pub(super) struct Service {
    provider: Arc<dyn Provider>,
    manager: OnceLock<String>,
    orders: Arc<Mutex<Orders>>,
    ends: Arc<Mutex<Ends>>,
    /// Units that the provider was told to remember, or has told itself.
    remembered: Mutex<HashSet<UnitId>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    pub(super) fn new(provider: Arc<dyn Provider>) -> Self {
        let orders = Arc::new(Mutex::new(Orders::of(&*provider)));
        Self { provider, manager: OnceLock::new(), orders, ends: Arc::default(), remembered: Mutex::default() }
    }

    /// Whether it is the manager whose units these are: another one would take them for strangers.
    fn is_for(&self, manager: &str) -> Result<(), Box<Status>> {
        let ours = self.manager.get_or_init(|| manager.to_owned());
        if ours == manager {
            return Ok(());
        }
        let why = format!("this plug-in has units of the manager {ours}: start one more, with an address of its own");
        Err(Box::new(Status::permission_denied(why)))
    }

    fn remember(&self, known: &[v1::KnownUnit]) {
        let mut remembered = lock(&self.remembered);
        let mut by_launch: BTreeMap<&str, Vec<UnitId>> = BTreeMap::new();
        for unit in known {
            let id = UnitId::from(unit.unit.clone());
            if remembered.insert(id.clone()) {
                by_launch.entry(&unit.launch).or_default().push(id);
            }
        }
        for (launch, units) in by_launch {
            match launch {
                "" => self.provider.remember(&units),
                launch => self.provider.remember_launch(&LaunchId::from(launch), &units),
            }
        }
    }
}

/// Units, as they travel.
fn messages(orders: &Orders, units: &[Arc<Unit>]) -> Vec<v1::ProviderUnit> {
    let launch = |unit: &Arc<Unit>| unit.launch.as_ref().and_then(|launch| orders.outside(launch)).cloned();
    units.iter().map(|unit| unit_message(unit, launch(unit).as_ref())).collect()
}

fn asked(message: Option<v1::ProviderLaunch>) -> Result<scaler_wm_core::Launch, Box<Status>> {
    let refuse = || Box::new(Status::invalid_argument("a launch needs its names, and a count of at least 1"));
    message.and_then(launch).ok_or_else(refuse)
}

/// Runs to its end whatever becomes of the connection: what is half done would be nobody's.
async fn to_its_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Status> {
    tokio::spawn(work).await.map_err(|_| Status::internal("the provider has panicked"))
}

#[tonic::async_trait]
impl provider_server::Provider for Service {
    async fn info(&self, request: Request<v1::InfoRequest>) -> Result<Response<v1::InfoResponse>, Status> {
        let request = request.into_inner();
        if request.protocol != PROTOCOL {
            let why = format!("this plug-in speaks version {PROTOCOL} of the protocol, and not {}", request.protocol);
            return Err(Status::invalid_argument(why));
        }
        self.is_for(&request.manager).map_err(|status| *status)?;
        let specs = lock(&self.orders).specs();
        Ok(Response::new(info_of(self.provider.info(), &specs, self.provider.place())))
    }

    async fn launch(&self, request: Request<v1::LaunchRequest>) -> Result<Response<v1::LaunchResponse>, Status> {
        let request = request.into_inner();
        self.is_for(&request.manager).map_err(|status| *status)?;
        let asked = asked(request.launch).map_err(|status| *status)?;
        let launch = lock(&self.orders).launch(&*self.provider, asked, request.is_repeated);
        let launch = launch.map_err(|error| status_of(&error))?;
        let provider = Arc::clone(&self.provider);
        let launched = to_its_end(async move { provider.launch(&launch).await }).await?;
        let Launched { units, receipt, failed } = launched.map_err(|error| status_of(&error))?;
        lock(&self.remembered).extend(units.iter().map(|unit| unit.id.clone()));
        Ok(Response::new(v1::LaunchResponse {
            units: messages(&lock(&self.orders), &units),
            receipt: receipt.map(|receipt| receipt.0.to_vec()),
            failed: failed.iter().map(failure_of).collect(),
        }))
    }

    async fn observe(&self, request: Request<v1::ObserveRequest>) -> Result<Response<v1::ObserveResponse>, Status> {
        let request = request.into_inner();
        self.is_for(&request.manager).map_err(|status| *status)?;
        self.remember(&request.known);
        let mut open = Vec::new();
        for message in request.open {
            let receipt = message.receipt.map(|receipt| Receipt(receipt.into()));
            let launch = asked(message.launch).map_err(|status| *status)?;
            open.extend(lock(&self.orders).known(launch).map(|launch| OpenLaunch { launch, receipt }));
        }
        let (provider, ends) = (Arc::clone(&self.provider), Arc::clone(&self.ends));
        // An end is told once, to whoever asks: it must not go with a question that was given up.
        let observed = to_its_end(async move {
            let observed = provider.observe(&open).await?;
            Ok((lock(&ends).note(observed.units), observed.settled))
        });
        let (mut units, settled) = observed.await?.map_err(|error: Error| status_of(&error))?;
        let known: HashSet<&str> = request.known.iter().map(|unit| unit.unit.as_str()).collect();
        units.extend(lock(&self.ends).tell(&known));
        let mut remembered = lock(&self.remembered);
        remembered.retain(|unit| known.contains(unit.as_str()));
        remembered.extend(units.iter().map(|unit| unit.id.clone()));
        drop(remembered);
        let orders = lock(&self.orders);
        let settled = settled.iter().filter_map(|(launch, settled)| {
            Some(v1::SettledLaunch {
                launch: orders.outside(launch)?.as_str().to_owned(),
                units: settled.units.iter().map(|unit| unit.as_str().to_owned()).collect(),
                missing: settled.missing,
            })
        });
        Ok(Response::new(v1::ObserveResponse { units: messages(&orders, &units), settled: settled.collect() }))
    }

    async fn stop(&self, request: Request<v1::StopRequest>) -> Result<Response<v1::StopResponse>, Status> {
        let request = request.into_inner();
        self.is_for(&request.manager).map_err(|status| *status)?;
        let how = match request.way() {
            v1::StopWay::IfIdle => Stop::IfIdle,
            v1::StopWay::HandBack => Stop::HandBack(Duration::from_millis(request.within_ms)),
            v1::StopWay::Relieve => Stop::Relieve,
            v1::StopWay::Resume => Stop::Resume,
            v1::StopWay::Hold => Stop::Hold,
            v1::StopWay::Now => Stop::Now,
            v1::StopWay::Unspecified => return Err(Status::invalid_argument("a stop needs its way")),
        };
        let units: Vec<UnitId> = request.units.into_iter().map(UnitId::from).collect();
        let provider = Arc::clone(&self.provider);
        let answers = to_its_end(async move { provider.stop(&units, how).await }).await?;
        let results = answers.iter().map(|(unit, answer)| v1::StopResult {
            unit: unit.as_str().to_owned(),
            result: Some(match answer {
                Ok(answer) => stop_result::Result::Answer(answer_message(*answer).into()),
                Err(error) => stop_result::Result::Failure(failure_of(error)),
            }),
        });
        Ok(Response::new(v1::StopResponse { results: results.collect() }))
    }

    type WatchChangesStream = Pin<Box<dyn Stream<Item = Result<v1::Change, Status>> + Send>>;

    async fn watch_changes(
        &self,
        request: Request<v1::WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        self.is_for(&request.into_inner().manager).map_err(|status| *status)?;
        let changes = WatchStream::new(self.provider.changed()).map(|_| Ok(v1::Change {}));
        Ok(Response::new(Box::pin(changes)))
    }

    async fn sweep(&self, request: Request<v1::SweepRequest>) -> Result<Response<v1::SweepResponse>, Status> {
        self.is_for(&request.into_inner().manager).map_err(|status| *status)?;
        self.provider.sweep().await.map_err(|error| status_of(&error))?;
        Ok(Response::new(v1::SweepResponse {}))
    }

    async fn leave(&self, request: Request<v1::LeaveRequest>) -> Result<Response<v1::LeaveResponse>, Status> {
        self.is_for(&request.into_inner().manager).map_err(|status| *status)?;
        self.provider.leave().await.map_err(|error| status_of(&error))?;
        Ok(Response::new(v1::LeaveResponse {}))
    }
}

const fn answer_message(answer: StopAnswer) -> v1::StopAnswer {
    match answer {
        StopAnswer::Accepted => v1::StopAnswer::Accepted,
        StopAnswer::Busy => v1::StopAnswer::Busy,
        StopAnswer::Unsupported => v1::StopAnswer::Unsupported,
    }
}
