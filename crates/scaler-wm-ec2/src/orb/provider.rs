//! Maps the provider seam to an ORB server.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use bytes::Bytes;
use futures_util::future::try_join_all;
use scaler_wm_aws::{Caller, random_name};
use scaler_wm_core::{
    Clock, Error, ErrorKind, Launch, LaunchId, Launched, Limit, Observed, OpenLaunch, Provider, ProviderInfo, Result,
    Settled, Stop, StopAnswer, Tier, Timestamp, Token, UnitId, UnitState, control::CallFigures,
};
use tokio::{sync::watch, time::sleep};
use tracing::{debug, info, warn};

use super::{
    OrbConfig,
    api::{Api, Known},
    fleet::{Fleet, Group},
    http::{Http, connector},
    machine::Machine,
    orders::{Order, Orders, receipt},
};

/// The most machines of one request, as servers are set unless somebody says otherwise.
const LARGEST_BATCH: u32 = 100;
/// How long the server may not know a machine, or a request, that it has told us of.
pub(super) const LAG: Duration = Duration::from_secs(5);
/// A request that is not known so long after it was made is lost.
const LOST_AFTER: Duration = Duration::from_secs(60);
/// While machines start or stop, the next look comes so soon.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// Calls at a time; the server has one thread, and lets a name make 300 calls a minute.
const AT_ONCE: usize = 4;
/// Requests whose machines one look refreshes at most, with two calls each; the others have their turn at the next.
const REFRESHED_AT_ONCE: usize = 16;

/// Workers on machines of an ORB server: one unit a machine. The module's text says what a crash can leave behind.
#[derive(Debug)]
pub struct OrbProvider {
    info: ProviderInfo,
    config: OrbConfig,
    pub(super) api: Api,
    pub(super) clock: Clock,
    state: Mutex<State>,
    changed: Arc<watch::Sender<u64>>,
    is_looking_again: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) fleet: Fleet,
    orders: Orders,
}

impl OrbProvider {
    /// Waits for the server, and makes sure that we may ask it for machines of the template.
    ///
    /// # Errors
    /// When no further try can help: the token is refused or allows too little, the template is not there, the address is
    /// none.
    pub async fn start(config: OrbConfig) -> Result<Self> {
        Self::start_with(config, connector(), Clock::system()).await
    }

    /// The same over an HTTP client that is there already.
    ///
    /// # Errors
    /// As [`OrbProvider::start`].
    pub async fn start_with(config: OrbConfig, http: SharedHttpConnector, clock: Clock) -> Result<Self> {
        let api = Api { http: Http::new(&config, http)? };
        let template = Caller::patiently(|| api.check(&config)).await?;
        let info = info(&config, &template);
        let (url, template_id) = (api.http.url(), &config.template_id);
        info!(url, template = %template_id, most = ?info.most_units, "machines can be asked for");
        if template.is_weighted() {
            warn!(template = %template_id, "a machine of it may count for several: fewer come than are asked for");
        }
        let changed = Arc::new(watch::channel(0).0);
        Ok(Self { info, config, api, clock, state: Mutex::default(), changed, is_looking_again: Arc::default() })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is worth another look.
    pub(super) fn tick(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// Ticks in a while, if something is on its way: what becomes of it is told by nobody.
    fn look_again_if_moving(&self) {
        let is_moving = {
            let state = self.state();
            state.fleet.is_moving() || !state.orders.pending().is_empty()
        };
        if !is_moving || self.is_looking_again.swap(true, Ordering::Relaxed) {
            return;
        }
        let (changed, is_looking_again) = (Arc::clone(&self.changed), Arc::clone(&self.is_looking_again));
        let wait = LOOK_AGAIN_AFTER.min(self.config.observe_every);
        tokio::spawn(async move {
            sleep(wait).await;
            is_looking_again.store(false, Ordering::Relaxed);
            changed.send_modify(|version| *version += 1);
        });
    }

    async fn look_at_orders(&self) -> Result<()> {
        let pending = self.state().orders.pending();
        for some in pending.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|(launch, order)| self.look_at_order(launch, order))).await?;
        }
        Ok(())
    }

    async fn look_at_order(&self, launch: &LaunchId, order: &Order) -> Result<()> {
        let answer = self.api.status(&order.request).await;
        let now = self.clock.now();
        let request = match answer {
            Ok(request) => request,
            Err(error) if error.kind() == ErrorKind::NotFound && now.since(order.at) > LOST_AFTER => {
                warn!(request = %order.request, "the server has lost a request: its machines, if any, are not known");
                let outcome = Settled { units: Vec::new(), missing: order.count };
                self.state().orders.ended(launch, outcome);
                return Ok(());
            }
            Err(error) => return of_one(error, "a request could not be looked at"),
        };
        let machines = request.machines();
        let mut state = self.state();
        machines.iter().for_each(|machine| state.fleet.note(machine, Some(&order.request), now));
        if request.is_final() {
            let is_there = |machine: &&Machine| !matches!(machine.state(), Some(UnitState::Gone(_)));
            let units: Vec<UnitId> = machines.iter().filter(is_there).map(Machine::id).collect();
            let missing = order.count.saturating_sub(u32::try_from(units.len()).unwrap_or(u32::MAX));
            if missing > 0 {
                let said = request.message.as_deref().unwrap_or_default();
                warn!(request = %order.request, status = %request.status, missing, %said, "not all machines came");
            }
            state.orders.ended(launch, Settled { units, missing });
        }
        Ok(())
    }

    /// Machines of earlier processes: whatever the number of calls, none may count as gone unseen.
    async fn look_at_remembered(&self) -> Result<()> {
        loop {
            let Some(unit) = self.state().fleet.next_remembered() else { return Ok(()) };
            self.refresh(&Group { request: None, first: unit.clone(), are_several: true }).await?;
            // One that could not be asked about is there until the server says otherwise.
            if self.state().fleet.next_remembered().as_ref() == Some(&unit) {
                self.state().fleet.note(&Machine::called(unit.as_str()), None, self.clock.now());
            }
        }
    }

    async fn look_at_returns(&self) -> Result<()> {
        let returns: Vec<String> = self.state().fleet.returns().into_iter().collect();
        for some in returns.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|request| self.look_at_return(request))).await?;
        }
        Ok(())
    }

    async fn look_at_return(&self, request: &str) -> Result<()> {
        let answer = self.api.status(request).await;
        let now = self.clock.now();
        match answer {
            Ok(found) => {
                let machines = found.machines();
                let ids: Vec<UnitId> = machines.iter().map(Machine::id).collect();
                let mut state = self.state();
                machines.iter().for_each(|machine| state.fleet.note(machine, None, now));
                state.fleet.returned(request, &ids, found.is_final(), found.is_complete(), now);
                drop(state);
                if found.is_final() && !found.is_complete() {
                    warn!(request, status = %found.status, "machines were not returned");
                }
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.state().fleet.returned(request, &[], true, false, now);
                Ok(())
            }
            Err(error) => of_one(error, "a return could not be looked at"),
        }
    }

    async fn look_at_groups(&self) -> Result<()> {
        let due = self.state().fleet.due(self.config.observe_every, REFRESHED_AT_ONCE, self.clock.now());
        for some in due.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|group| self.refresh(group))).await?;
        }
        Ok(())
    }

    /// Asks the server to ask the cloud about the machines of one request.
    async fn refresh(&self, group: &Group) -> Result<()> {
        let answer = self.api.refreshed(group.first.as_str()).await;
        let now = self.clock.now();
        let request = match answer {
            Ok(machine) => {
                let mut state = self.state();
                state.fleet.note(&machine, group.request.as_deref(), now);
                state.fleet.refreshed(group, now);
                machine.request_id.or_else(|| group.request.clone())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.state().fleet.missing(&group.first, LAG, now);
                group.request.clone()
            }
            Err(error) => return of_one(error, "a machine could not be looked at"),
        };
        let Some(request) = request.filter(|_| group.are_several) else { return Ok(()) };
        match self.api.of_request(&request).await {
            Ok(machines) => {
                let mut state = self.state();
                machines.iter().for_each(|machine| state.fleet.note(machine, Some(&request), now));
                Ok(())
            }
            Err(error) => of_one(error, "the machines of a request could not be listed"),
        }
    }

    /// Machines that somebody has stopped are returned: they cost, and no worker runs there.
    async fn return_stopped(&self) {
        let stopped = self.state().fleet.take_stopped();
        if stopped.is_empty() {
            return;
        }
        for (unit, answer) in self.give_back(&stopped).await {
            match answer {
                Ok(_) => info!(%unit, "a machine that was stopped is returned"),
                Err(error) => debug!(%unit, %error, "a machine that was stopped is still there"),
            }
        }
    }
}

/// What the template and the user allow.
fn info(config: &OrbConfig, template: &Known) -> ProviderInfo {
    let limits = [template.most(), config.most_machines].map(|most| most.map_or(Limit::Unlimited, Limit::AtMost));
    let most_units = limits[0].min(limits[1]);
    let largest_batch = NonZeroU32::new(most_units.cap(LARGEST_BATCH)).unwrap_or(NonZeroU32::MIN);
    ProviderInfo {
        name: "orb_aws_ec2",
        workers_per_unit: config.workers_per_unit,
        concurrency_per_worker: NonZeroU32::MIN,
        largest_batch,
        most_on_order: largest_batch,
        most_units,
        tiers: vec![Tier::default()],
        list_lag: LAG,
        ready_within: config.ready_within,
        observe_every: config.observe_every,
        idempotent: false,
        repeatable_for: Duration::ZERO,
        // The server tells nothing apart by who asked for it; what has a name or a receipt is found again.
        lists_foreign_units: false,
        finds_recorded_units: true,
        relieves: false,
        ends_by_itself: true,
        swept_within: Duration::from_secs(5),
    }
}

/// An answer that says something of one thing only hides no other; one that says that nothing can be known ends the look.
fn of_one(error: Error, what: &str) -> Result<()> {
    match error.kind() {
        ErrorKind::Failed | ErrorKind::NotFound | ErrorKind::Invalid => {
            debug!(%error, "{what}");
            Ok(())
        }
        _ => Err(error),
    }
}

#[async_trait]
impl Provider for OrbProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let refuse = |context: String| Err(Error::new(ErrorKind::Invalid, "prepare a request for machines", context));
        if !self.info.tiers.contains(tier) {
            return refuse(format!("there is no tier {tier}"));
        }
        if count > self.info.largest_batch {
            return refuse(format!("{count} machines are more than one request can bring"));
        }
        let id = random_name()?;
        let spec = Bytes::from(self.config.template_id.clone());
        Ok(Launch { id: LaunchId::from(id.clone()), token: Token::from(id), count, tier: tier.clone(), at: now, spec })
    }

    fn remember_launch(&self, launch: &LaunchId, units: &[UnitId]) {
        self.state().fleet.remember(launch, units);
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        let count = launch.count.get();
        let Ok(template) = std::str::from_utf8(&launch.spec) else {
            let context = format!("launch {} is none of this provider", launch.id);
            return Err(Error::new(ErrorKind::Invalid, "ask for machines", context));
        };
        let request = match self.api.request(template, count).await {
            Ok(request) => request,
            Err(error) if error.kind().is_uncertain() => {
                // A template that is not there any more is a 500 that says nothing.
                if let Err(missing) = self.api.template(template).await
                    && missing.kind() == ErrorKind::Invalid
                {
                    return Err(missing);
                }
                warn!(%error, template, count, "whether the server started machines is not known: see what it has");
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        debug!(launch = %launch.id, %request, count, "machines are on order");
        let mut state = self.state();
        state.fleet.ordered(&request, &launch.id);
        state.orders.placed(launch.id.clone(), request.clone(), count, launch.at);
        drop(state);
        self.tick();
        Ok(Launched { receipt: Some(receipt(&request)), ..Launched::default() })
    }

    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed> {
        {
            let mut state = self.state();
            for (launch, request) in state.orders.adopt(open) {
                state.fleet.ordered(&request, &launch);
            }
        }
        self.look_at_orders().await?;
        self.look_at_remembered().await?;
        self.look_at_returns().await?;
        self.look_at_groups().await?;
        self.return_stopped().await;
        self.look_again_if_moving();
        let mut state = self.state();
        let settled = state.orders.settled(open);
        settled.iter().for_each(|(launch, _)| state.fleet.settled(launch));
        Ok(Observed { units: state.fleet.listing(self.clock.now()), settled })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        if how != Stop::Now {
            // Nobody in a machine hears us.
            return units.iter().map(|unit| (unit.clone(), Ok(StopAnswer::Unsupported))).collect();
        }
        self.give_back(units).await
    }

    fn calls(&self) -> Vec<CallFigures> {
        self.api.http.calls().figures()
    }

    fn place(&self) -> String {
        format!("template {} at {}", self.config.template_id, self.api.http.url())
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// All that there is, is the server's.
    async fn sweep(&self) -> Result<()> {
        Ok(())
    }
}
