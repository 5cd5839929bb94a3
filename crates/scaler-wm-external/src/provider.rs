//! Maps the provider seam to a plug-in.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use scaler_wm_core::{
    Clock, Error, ErrorKind, Launch, LaunchId, Launched, ManagerId, Observed, OpenLaunch, Provider, ProviderInfo,
    Receipt, Result, Stop, StopAnswer, Tier, Timestamp, Token, UnitId, control::CallFigures,
};
use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep},
};
use tracing::{info, warn};

use crate::{
    ExternalConfig,
    client::Client,
    convert::{Described, described, launch_message, settled},
    shared::{Shared, lock, question},
    v1::{self, stop_result},
};

/// How long to wait for a plug-in that is not there yet, each time.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// Units of a plug-in.
#[derive(Debug)]
pub struct ExternalProvider {
    /// As it was at the start: the loop relies on it.
    info: ProviderInfo,
    shared: Arc<Shared>,
    watch: AbortHandle,
}

impl ExternalProvider {
    /// Asks the plug-in what it is. One that is not there yet is waited for, for a moment.
    ///
    /// Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When it is not there, speaks another version, or refuses us.
    pub async fn start(config: ExternalConfig) -> Result<Self> {
        let client = Client::new(&config)?;
        let described = first_word(&client, &config).await.map_err(|error| match error.kind().is_uncertain() {
            true => error.with_advice("start it before this manager, or correct provider_address (--provider-address)"),
            false => error,
        })?;
        let Described { info, name, place, .. } = &described;
        info!(plugin = %name, %place, address = client.address(), workers = info.workers_per_unit, "units come from a plug-in");
        let info = info.clone();
        let shared = Arc::new(Shared {
            client,
            config,
            described: Mutex::new(described),
            book: Mutex::default(),
            fresh: Mutex::default(),
            ticks: watch::channel(0).0,
            clock: Clock::system(),
        });
        let watch = tokio::spawn(crate::watch::watch(Arc::clone(&shared))).abort_handle();
        Ok(Self { info, shared, watch })
    }
}

impl ExternalProvider {
    /// Whose units these are.
    #[must_use]
    pub fn manager(&self) -> &ManagerId {
        &self.shared.config.manager
    }
}

impl Drop for ExternalProvider {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// The first answer of a plug-in that may be starting just now.
pub(crate) async fn first_word(client: &Client, config: &ExternalConfig) -> Result<Described> {
    let until = Instant::now() + config.there_within;
    loop {
        match client.info(question(config)).await.and_then(described) {
            Err(error) if error.kind().is_uncertain() && Instant::now() + TRY_AGAIN < until => sleep(TRY_AGAIN).await,
            answer => return answer,
        }
    }
}

#[async_trait]
impl Provider for ExternalProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let refuse = |context: String| Err(Error::new(ErrorKind::Invalid, "prepare units of the plug-in", context));
        if count > self.info.largest_batch {
            return refuse(format!("{count} units are more than one call can start"));
        }
        let Some(spec) = lock(&self.shared.described).specs.get(tier).cloned() else {
            return refuse(format!("the plug-in has no tier {tier}"));
        };
        let name = random_name()?;
        let token = Token::from(name.clone());
        lock(&self.shared.fresh).insert(token.clone());
        Ok(Launch { id: LaunchId::from(name), token, count, tier: tier.clone(), at: now, spec })
    }

    fn remember(&self, units: &[UnitId]) {
        lock(&self.shared.book).remember(None, units, self.shared.clock.now());
    }

    fn remember_launch(&self, launch: &LaunchId, units: &[UnitId]) {
        lock(&self.shared.book).remember(Some(launch), units, self.shared.clock.now());
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        let shared = &self.shared;
        let is_repeated = !lock(&shared.fresh).remove(&launch.token);
        let request =
            v1::LaunchRequest { manager: shared.manager(), launch: Some(launch_message(launch)), is_repeated };
        let answer = match shared.client.launch(request).await {
            // Its token stands for another request: nothing more will come of it, and looks tell what has.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                return Ok(Launched { failed: vec![error], ..Launched::default() });
            }
            answer => answer?,
        };
        let (units, problem) = shared.read(answer.units);
        if let Some(problem) = problem {
            warn!(launch = %launch.id, %problem, "the plug-in's answer to a launch makes no sense in part");
        }
        let now = shared.clock.now();
        let mut book = lock(&shared.book);
        let units = units.into_iter().filter(|unit| book.note(unit, now)).map(Arc::new).collect();
        drop(book);
        let failed =
            answer.failed.into_iter().map(|failure| failure.into_error("start a unit by the plug-in")).collect();
        shared.tick();
        Ok(Launched { units, receipt: answer.receipt.map(|receipt| Receipt(receipt.into())), failed })
    }

    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed> {
        let shared = &self.shared;
        let open = open.iter().map(|open| v1::OpenLaunch {
            launch: Some(launch_message(&open.launch)),
            receipt: open.receipt.as_ref().map(|receipt| receipt.0.to_vec()),
        });
        let request =
            v1::ObserveRequest { manager: shared.manager(), open: open.collect(), known: lock(&shared.book).known() };
        let answer = shared.client.observe(request).await?;
        let (units, problem) = shared.read(answer.units);
        if let Some(problem) = problem {
            let context = format!("the plug-in at {} tells of {problem}", shared.client.address());
            return Err(Error::new(ErrorKind::Invalid, "look at the plug-in's units", context));
        }
        let units = lock(&shared.book).look(units, self.info.list_lag, shared.clock.now());
        Ok(Observed { units, settled: answer.settled.into_iter().map(settled).collect() })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        let (way, within) = match how {
            Stop::IfIdle => (v1::StopWay::IfIdle, Duration::ZERO),
            Stop::HandBack(within) => (v1::StopWay::HandBack, within),
            Stop::Relieve => (v1::StopWay::Relieve, Duration::ZERO),
            Stop::Resume => (v1::StopWay::Resume, Duration::ZERO),
            Stop::Hold => (v1::StopWay::Hold, Duration::ZERO),
            Stop::Now => (v1::StopWay::Now, Duration::ZERO),
        };
        let request = v1::StopRequest {
            manager: self.shared.manager(),
            units: units.iter().map(|unit| unit.as_str().to_owned()).collect(),
            way: way.into(),
            within_ms: u64::try_from(within.as_millis()).unwrap_or(u64::MAX),
        };
        let mut answers = match self.shared.client.stop(request).await {
            Ok(answer) => answer.results,
            Err(error) => return units.iter().map(|unit| (unit.clone(), Err(error.copy()))).collect(),
        };
        self.shared.tick();
        let mut answer_for = |unit: &UnitId| {
            let found = answers.iter().position(|answer| answer.unit == unit.as_str());
            read_answer(found.map(|index| answers.swap_remove(index)))
        };
        units.iter().map(|unit| (unit.clone(), answer_for(unit))).collect()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.shared.ticks.subscribe()
    }

    async fn sweep(&self) -> Result<()> {
        let request = v1::SweepRequest { manager: self.shared.manager() };
        self.shared.client.sweep(request, self.info.swept_within).await
    }

    async fn leave(&self) -> Result<()> {
        self.shared.client.leave(v1::LeaveRequest { manager: self.shared.manager() }).await
    }

    fn calls(&self) -> Vec<CallFigures> {
        self.shared.client.figures()
    }

    fn place(&self) -> String {
        let described = lock(&self.shared.described);
        let parts = [described.name.as_str(), described.place.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

fn read_answer(result: Option<v1::StopResult>) -> Result<StopAnswer> {
    const OPERATION: &str = "stop a unit by the plug-in";
    let unknown = |context: &str| Err(Error::new(ErrorKind::Transient, OPERATION, context));
    match result.and_then(|result| result.result) {
        Some(stop_result::Result::Failure(failure)) => Err(failure.into_error(OPERATION)),
        Some(stop_result::Result::Answer(answer)) => match v1::StopAnswer::try_from(answer) {
            Ok(v1::StopAnswer::Accepted) => Ok(StopAnswer::Accepted),
            Ok(v1::StopAnswer::Busy) => Ok(StopAnswer::Busy),
            Ok(v1::StopAnswer::Unsupported) => Ok(StopAnswer::Unsupported),
            Ok(v1::StopAnswer::Unspecified) | Err(_) => unknown("its answer makes no sense"),
        },
        None => unknown("the plug-in has not answered for it"),
    }
}

/// 128 random bits: as a launch's name no other process takes it, as a token no infrastructure knows it.
fn random_name() -> Result<String> {
    let mut bytes = [0_u8; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(|error| {
        Error::new(ErrorKind::Failed, "make a name", "the system gives no random bytes").with_source(error)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
