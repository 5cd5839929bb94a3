//! Units that are processes of this host.

use std::{
    collections::{BTreeMap, HashSet},
    io,
    num::NonZeroU32,
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    Clock, Error, ErrorKind, Exit, ExitCause, Launch, LaunchId, Launched, Limit, Observed, OpenLaunch, Provider,
    ProviderInfo, Result, Stop, StopAnswer, Tier, Timestamp, Token, Unit, UnitId, UnitState, WorkerId, WorkerMatch,
};
use tokio::{
    process::Command,
    sync::{Notify, watch},
};

/// Makes the command of the process that becomes the worker of this name.
type MakeCommand = Box<dyn Fn(&str) -> Command + Send + Sync>;

/// Units that are processes of this host.
pub struct ProcessProvider {
    info: ProviderInfo,
    command: MakeCommand,
    launches: AtomicU64,
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    state: Mutex<State>,
    ticks: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    units: BTreeMap<UnitId, Record>,
    /// Ends that the next look tells.
    gone: Vec<Arc<Unit>>,
    /// Launches that were made: the same one again brings nothing.
    made: HashSet<LaunchId>,
}

struct Record {
    unit: Unit,
    pid: Option<u32>,
    is_asked: bool,
    end: Arc<Notify>,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) {
        self.ticks.send_modify(|ticks| *ticks += 1);
    }

    fn ended(&self, unit: &UnitId, status: io::Result<ExitStatus>) {
        // It has been reaped, so its worker is surely dead; of one that cannot be waited for nobody knows.
        let sure = status.is_ok();
        let cause = match status {
            Ok(status) => match status.code() {
                Some(code) => ExitCause::Code(code),
                None => ExitCause::Signal(status.signal().unwrap_or_default()),
            },
            Err(error) => ExitCause::Lost(error.to_string()),
        };
        let mut state = self.state();
        if let Some(Record { unit, is_asked, .. }) = state.units.remove(unit) {
            let exit = Exit { cause, asked: is_asked, sure };
            state.gone.push(Arc::new(Unit { state: UnitState::Gone(exit), since: self.clock.now(), ..unit }));
        }
        drop(state);
        self.tick();
    }
}

impl ProcessProvider {
    /// A provider of processes that `command` makes. Must be called in a tokio runtime.
    pub fn new(command: MakeCommand, clock: Clock) -> Self {
        let info = ProviderInfo {
            name: "processes",
            workers_per_unit: NonZeroU32::MIN,
            concurrency_per_worker: NonZeroU32::MIN,
            largest_batch: const { NonZeroU32::new(16).expect("not 0") },
            most_on_order: NonZeroU32::MAX,
            most_units: Limit::Unlimited,
            tiers: vec![Tier::default()],
            list_lag: Duration::ZERO,
            ready_within: Duration::from_secs(60),
            observe_every: Duration::from_secs(5),
            idempotent: true,
            repeatable_for: Duration::MAX,
            lists_foreign_units: false,
            finds_recorded_units: false,
            relieves: false,
            ends_by_itself: false,
            swept_within: Duration::from_secs(5),
        };
        let (ticks, _) = watch::channel(0);
        let inner = Arc::new(Inner { clock, state: Mutex::default(), ticks });
        Self { info, command, launches: AtomicU64::new(0), inner }
    }

    /// The process of a unit that is there.
    pub fn pid(&self, unit: &UnitId) -> Option<u32> {
        self.inner.state().units.get(unit)?.pid
    }

    fn start(&self, id: UnitId, launch: &Launch) -> Result<()> {
        // Dropped with the runtime, it takes its process along.
        let mut child = (self.command)(id.as_str())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Error::new(ErrorKind::Failed, "start a process", id.to_string()).with_source(error))?;
        let unit = Unit {
            id: id.clone(),
            launch: Some(launch.id.clone()),
            state: UnitState::Running,
            since: self.inner.clock.now(),
            tier: launch.tier.clone(),
            workers: WorkerMatch::Exact(WorkerId::from(id.as_str())),
            notice: None,
        };
        let end = Arc::new(Notify::new());
        let record = Record { unit, pid: child.id(), is_asked: false, end: Arc::clone(&end) };
        self.inner.state().units.insert(id.clone(), record);
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status,
                () = end.notified() => {
                    // It may have ended by itself just now.
                    drop(child.start_kill());
                    child.wait().await
                }
            };
            inner.ended(&id, status);
        });
        Ok(())
    }
}

#[async_trait]
impl Provider for ProcessProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let number = self.launches.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{}-{number}", std::process::id(), now.as_millis());
        Ok(Launch {
            id: LaunchId::from(id.clone()),
            token: Token::from(id),
            count,
            tier: tier.clone(),
            at: now,
            spec: Bytes::new(),
        })
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        let mut failed = Vec::new();
        let is_new = self.inner.state().made.insert(launch.id.clone());
        if is_new {
            for index in 0..launch.count.get() {
                let id = UnitId::from(format!("PRC|{}-{index}", launch.id));
                failed.extend(self.start(id, launch).err());
            }
            self.inner.tick();
        }
        let of_launch = |record: &&Record| record.unit.launch.as_ref() == Some(&launch.id);
        let state = self.inner.state();
        let units = state.units.values().filter(of_launch).map(|record| Arc::new(record.unit.clone())).collect();
        Ok(Launched { units, receipt: None, failed })
    }

    async fn observe(&self, _open: &[OpenLaunch]) -> Result<Observed> {
        let mut state = self.inner.state();
        let mut units = std::mem::take(&mut state.gone);
        units.extend(state.units.values().map(|record| Arc::new(record.unit.clone())));
        Ok(Observed { units, settled: Vec::new() })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        let mut state = self.inner.state();
        let mut ask = |id: &UnitId| match state.units.get_mut(id) {
            Some(record) if how == Stop::Now => {
                record.is_asked = true;
                record.unit.state = UnitState::Stopping;
                record.end.notify_one();
                Ok(StopAnswer::Accepted)
            }
            Some(_) => Ok(StopAnswer::Unsupported),
            None => Err(Error::new(ErrorKind::NotFound, "stop a process", id.to_string())),
        };
        units.iter().map(|id| (id.clone(), ask(id))).collect()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.inner.ticks.subscribe()
    }

    async fn sweep(&self) -> Result<()> {
        // Nothing was made but units, and those have gone.
        Ok(())
    }
}
