//! Agents as units: the provider that starts, asks and counts them.

mod units;

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    Close, Error, ErrorKind, Launch, LaunchId, Launched, Limit, Observed, OpenLaunch, Provider, ProviderInfo, Result,
    Stop, StopAnswer, TaskExecutor, TaskJournal, Tier, Timestamp, Token, UnitId, control::CallFigures,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};
use units::{Asked, Units};

use crate::{
    AgentConfig,
    agent::{Agent, Question, Tell},
    hub::Hub,
};

/// How long an agent may take to answer. Its loop never waits for anything: it must be stuck.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Workers in this process that hand their tasks to an executor: one unit each.
pub struct AgentProvider<E> {
    info: ProviderInfo,
    config: Arc<AgentConfig>,
    executor: Arc<E>,
    hub: Arc<Hub>,
    units: Arc<Mutex<Units>>,
    ticks: Arc<watch::Sender<u64>>,
    /// Dropped with the provider, and so are its agents.
    work: Mutex<JoinSet<()>>,
    has_closed: AtomicBool,
}

impl<E: TaskExecutor + 'static> AgentProvider<E> {
    /// A provider without agents; tasks that an earlier process has left with the executor are found again.
    ///
    /// Must be called in a tokio runtime with its timers and I/O enabled; a current-thread one is enough.
    ///
    /// # Errors
    /// When the journal cannot be read, or the executor cannot be asked.
    pub async fn start(config: AgentConfig, executor: E, journal: Arc<dyn TaskJournal>) -> Result<Self> {
        let executor = Arc::new(executor);
        let (hub, work) = Hub::start(&config, Arc::clone(&executor) as Arc<dyn TaskExecutor>, journal);
        hub.recover().await?;
        let info = ProviderInfo {
            name: executor.info().name,
            workers_per_unit: NonZeroU32::MIN,
            concurrency_per_worker: config.concurrency,
            largest_batch: const { NonZeroU32::new(64).expect("not 0") },
            most_on_order: NonZeroU32::MAX,
            most_units: Limit::Unlimited,
            tiers: vec![Tier::default()],
            list_lag: Duration::ZERO,
            ready_within: Duration::from_secs(60),
            observe_every: Duration::from_secs(5),
            // A launch of an earlier process brings units that are gone.
            idempotent: true,
            repeatable_for: Duration::MAX,
            // All of them are gone; the journal says who they were.
            lists_foreign_units: false,
            finds_recorded_units: true,
            relieves: true,
            ends_by_itself: false,
            swept_within: executor.info().closes_within,
        };
        Ok(Self {
            info,
            config: Arc::new(config),
            executor,
            hub,
            units: Arc::default(),
            ticks: Arc::new(watch::Sender::new(0)),
            work: Mutex::new(work),
            has_closed: AtomicBool::new(false),
        })
    }

    /// Where tasks are handed to.
    #[must_use]
    pub fn executor(&self) -> &E {
        &self.executor
    }

    fn units(&self) -> MutexGuard<'_, Units> {
        lock(&self.units)
    }

    fn begin(&self, unit: &UnitId) -> mpsc::UnboundedSender<Question> {
        let (questions, asked) = mpsc::unbounded_channel();
        let (units, ticks) = (Arc::clone(&self.units), Arc::clone(&self.ticks));
        let tell: Tell = Arc::new(move |unit, news| {
            lock(&units).hear(unit, news);
            ticks.send_modify(|tick| *tick += 1);
        });
        let agent = Agent::new(unit.clone(), Arc::clone(&self.config), Arc::clone(&self.hub), tell, asked);
        self.work.lock().unwrap_or_else(PoisonError::into_inner).spawn(agent.run());
        questions
    }

    async fn close(&self, how: Close) -> Result<()> {
        if self.has_closed.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        self.executor.close(how).await
    }
}

impl<E> std::fmt::Debug for AgentProvider<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentProvider").field("config", &self.config).finish_non_exhaustive()
    }
}

fn lock(units: &Mutex<Units>) -> MutexGuard<'_, Units> {
    // No change here can stop half-way, so what a panicking thread left is whole.
    units.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ids of a launch's units, as its journal has them: one a line.
fn ids(launch: &Launch) -> Result<Vec<UnitId>> {
    let text = std::str::from_utf8(&launch.spec).map_err(|error| {
        let context = format!("launch {} is not one of this provider", launch.id);
        Error::new(ErrorKind::Invalid, "start agents", context).with_source(error)
    })?;
    Ok(text.lines().map(UnitId::from).collect())
}

#[async_trait]
impl<E: TaskExecutor + 'static> Provider for AgentProvider<E> {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let name = || format!("{:032x}", fastrand::u128(..));
        // In the form of the released workers: a name, and behind it what tells two of one name apart.
        let worker = || format!("Worker|{}|{}|{}", self.config.kind, name(), name());
        let workers: Vec<String> = (0..count.get()).map(|_| worker()).collect();
        let id = LaunchId::from(name());
        self.units().prepared(&id);
        let token = Token::from(id.as_str());
        Ok(Launch { id, token, count, tier: tier.clone(), at: now, spec: Bytes::from(workers.join("\n")) })
    }

    fn remember_launch(&self, launch: &LaunchId, units: &[UnitId]) {
        units.iter().for_each(|unit| self.units().left(unit, launch));
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        for unit in ids(launch)? {
            if !self.units().is_ours(&launch.id) {
                self.units().left(&unit, &launch.id);
            } else if !self.units().has(&unit) {
                let questions = self.begin(&unit);
                self.units().begun(&unit, &launch.id, &launch.tier, questions);
            }
        }
        Ok(Launched { units: self.units().of_launch(&launch.id), ..Launched::default() })
    }

    async fn observe(&self, _open: &[OpenLaunch]) -> Result<Observed> {
        Ok(Observed { units: self.units().look(), settled: Vec::new() })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        // All are asked before the first answer is awaited.
        let asked: Vec<_> = units.iter().map(|unit| (unit.clone(), self.units().ask(unit, how))).collect();
        let mut answers = Vec::with_capacity(asked.len());
        for (unit, asked) in asked {
            let said = match asked {
                Asked::Waits(answer) => timeout(ANSWER_WITHIN, answer).await.ok().and_then(std::result::Result::ok),
                Asked::Said(answer) => Some(answer),
                Asked::Gone => None,
            };
            let answer = said.ok_or_else(|| Error::new(ErrorKind::NotFound, "stop an agent", unit.to_string()));
            answers.push((unit, answer));
        }
        answers
    }

    fn calls(&self) -> Vec<CallFigures> {
        self.executor.calls()
    }

    fn place(&self) -> String {
        self.executor.place()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    async fn sweep(&self) -> Result<()> {
        self.close(Close::Cancel).await
    }

    async fn leave(&self) -> Result<()> {
        // Without a word to the scheduler: their tasks are to be asked for again by the next process, not to run elsewhere.
        self.work.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        self.close(Close::Keep).await
    }
}
