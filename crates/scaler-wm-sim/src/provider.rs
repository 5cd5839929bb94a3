//! Simulated infrastructure of one manager.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    Clock, Error, ErrorKind, Launch, LaunchId, Launched, Limit, Observed, OpenLaunch, Provider, ProviderInfo, Result,
    Stop, StopAnswer, Tier, Timestamp, Token, UnitId,
};
use tokio::sync::watch;

use crate::{ManagerConfig, world::World};

/// How often a manager looks at its units although nothing has changed.
const OBSERVE_EVERY: Duration = Duration::from_secs(60);
/// The most units of one launch call.
const LARGEST_BATCH: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// The world, as several managers share it.
pub(crate) type Shared = Arc<Mutex<World>>;

/// Looks at the world, with everything in it that is due.
pub(crate) fn look<'a>(world: &'a Shared, clock: &Clock) -> MutexGuard<'a, World> {
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    world.advance(clock.now());
    world
}

pub(crate) struct SimProvider {
    info: ProviderInfo,
    manager: usize,
    world: Shared,
    clock: Clock,
    changed: watch::Receiver<u64>,
    launches: AtomicU64,
}

impl SimProvider {
    pub(crate) fn new(config: &ManagerConfig, manager: usize, world: &Shared, clock: Clock) -> Self {
        let longest = config.start_seconds.p95.unwrap_or_default().max(config.start_seconds.p50);
        let info = ProviderInfo {
            name: "simulated",
            workers_per_unit: config.workers_per_unit,
            concurrency_per_worker: NonZeroU32::MIN,
            largest_batch: LARGEST_BATCH,
            most_on_order: NonZeroU32::MAX,
            most_units: Limit::Unlimited,
            tiers: vec![Tier::default()],
            list_lag: Duration::ZERO,
            ready_within: Duration::from_secs_f64(longest * 10.0 + 60.0),
            observe_every: OBSERVE_EVERY,
            idempotent: true,
            repeatable_for: Duration::MAX,
            lists_foreign_units: false,
            finds_recorded_units: false,
            relieves: true,
            ends_by_itself: false,
            swept_within: Duration::from_secs(5),
        };
        let changed = look(world, &clock).managers[manager].changed.subscribe();
        Self { info, manager, world: Arc::clone(world), clock, changed, launches: AtomicU64::new(0) }
    }
}

#[async_trait]
impl Provider for SimProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        // Two launches may be prepared at the same instant.
        let name = format!("launch-{}-{}", self.manager, self.launches.fetch_add(1, Ordering::Relaxed));
        Ok(Launch {
            id: LaunchId::from(&*name),
            token: Token::from(name),
            count,
            tier: tier.clone(),
            at: now,
            spec: Bytes::new(),
        })
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        let units = look(&self.world, &self.clock).launch(self.manager, &launch.id, launch.count.get());
        match units {
            Some(units) => Ok(Launched { units, ..Launched::default() }),
            None => Err(Error::new(ErrorKind::NoCapacity, "start units", "by chance")),
        }
    }

    async fn observe(&self, _: &[OpenLaunch]) -> Result<Observed> {
        Ok(Observed { units: look(&self.world, &self.clock).list(self.manager), settled: Vec::new() })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        let mut world = look(&self.world, &self.clock);
        let mut answer = |unit: &UnitId| {
            let Some(is_idle) = world.is_idle(self.manager, unit) else {
                return Err(Error::new(ErrorKind::NotFound, "stop a unit", unit.as_str()));
            };
            match how {
                Stop::IfIdle if !is_idle => Ok(StopAnswer::Busy),
                Stop::IfIdle | Stop::Now => {
                    world.end(self.manager, unit);
                    Ok(StopAnswer::Accepted)
                }
                Stop::Relieve if !world.has_queue(self.manager, unit) => Ok(StopAnswer::Busy),
                Stop::HandBack(_) | Stop::Relieve => {
                    world.hand_back(self.manager, unit);
                    Ok(StopAnswer::Accepted)
                }
                // Its queue is given back at once.
                Stop::Resume => Ok(StopAnswer::Busy),
                Stop::Hold => Ok(StopAnswer::Unsupported),
            }
        };
        units.iter().map(|unit| (unit.clone(), answer(unit))).collect()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    async fn sweep(&self) -> Result<()> {
        Ok(())
    }
}
