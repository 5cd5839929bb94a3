//! Maps the provider seam to the helper.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    Error as CoreError, ErrorKind as CoreErrorKind, Exit, ExitCause, Launch, LaunchId, Launched, Observed, OpenLaunch,
    Provider, ProviderInfo, Result as CoreResult, Stop, StopAnswer, Tier, Timestamp, Token, UnitId, UnitState,
};
use tokio::{
    sync::{Mutex as AsyncMutex, oneshot, watch},
    time::{Instant, timeout, timeout_at},
};
use tracing::{debug, info, warn};

use crate::{
    Error, ErrorKind, NativeConfig,
    helper::{Answer, Event, Helper, How, Ready},
    registry::Registry,
};

/// How long an interpreter may take to import the package.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a worker may take to answer. One whose event loop is that busy counts as busy.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long a worker that is told to leave at once, and cannot be killed without harm, may take.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// Local Python workers: one unit each.
#[derive(Debug)]
pub struct NativeProvider {
    info: ProviderInfo,
    config: NativeConfig,
    python: PathBuf,
    shared: Arc<Shared>,
    /// Held while a helper starts, so that two launches do not start two.
    starting: AsyncMutex<()>,
    changed: watch::Receiver<u64>,
}

/// What the provider and the task that hears the helper share. The locks are held for moments only.
#[derive(Debug)]
struct Shared {
    registry: Mutex<Registry>,
    line: Mutex<Line>,
}

/// The line to the helper.
#[derive(Debug, Default)]
struct Line {
    helper: Option<Helper>,
    has_hooks: bool,
    questions: HashMap<u64, oneshot::Sender<Answer>>,
    asked: u64,
    /// Tells one helper's end from the next one's.
    generation: u64,
}

impl NativeProvider {
    /// Finds the interpreter, starts the helper in it, and waits until it has imported the package.
    ///
    /// Must be called on a thread that stays, in a tokio runtime.
    ///
    /// # Errors
    /// When there is no interpreter, no package, or one before 2.4.0; the message names the command that mends it.
    pub async fn start(config: NativeConfig) -> Result<Self, Error> {
        let python = scaler_wm_python::interpreter(config.python.as_deref())
            .map_err(|error| Error::new(ErrorKind::Unusable, "find a Python interpreter", error.to_string()))?;
        let (ticks, changed) = watch::channel(0);
        let info = ProviderInfo {
            name: "baremetal_native",
            workers_per_unit: NonZeroU32::MIN,
            concurrency_per_worker: NonZeroU32::MIN,
            // Forks are quick: a batch is bounded so that the helper hears other things in between.
            largest_batch: const { NonZeroU32::new(64).expect("not 0") },
            tiers: vec![Tier::default()],
            list_lag: Duration::ZERO,
            ready_within: Duration::from_secs(60),
            observe_every: Duration::from_secs(5),
            idempotent: true,
            lists_foreign_units: false,
            // Known when the helper has looked at the package.
            relieves: false,
        };
        let shared = Shared { registry: Mutex::new(Registry::new(ticks)), line: Mutex::default() };
        let mut provider =
            Self { info, config, python, shared: Arc::new(shared), starting: AsyncMutex::default(), changed };
        provider.ensure_helper().await?;
        provider.info.relieves = provider.config.ways.consent && provider.shared.with_line(|line| line.has_hooks);
        Ok(provider)
    }

    /// The process id of a worker that runs.
    #[must_use]
    pub fn pid(&self, unit: &UnitId) -> Option<i32> {
        self.shared.with_registry(|registry| registry.pid(unit))
    }

    /// Starts a helper unless one is there.
    async fn ensure_helper(&self) -> Result<(), Error> {
        let _starting = self.starting.lock().await;
        if self.shared.with_line(|line| line.helper.is_some()) {
            return Ok(());
        }
        let (helper, mut events) = Helper::start(&self.python, &self.config)?;
        let first = timeout(READY_WITHIN, events.next()).await.map_err(|_| {
            let context = format!("{} did not import the package in time", self.python.display());
            Error::new(ErrorKind::Helper, "start the Python helper", context)
        })??;
        let ready = match first {
            Some(Event::Ready(ready)) => ready,
            Some(Event::Fatal { reason, remedy }) => {
                let context = format!("{reason}; run: {remedy}");
                return Err(Error::new(ErrorKind::Unusable, "start Python workers", context));
            }
            other => {
                let python = self.python.display();
                let context = match other {
                    None => format!("{python} ended at once; what it printed says why"),
                    Some(event) => format!("{python} said {event:?} first"),
                };
                return Err(Error::new(ErrorKind::Helper, "start the Python helper", context));
            }
        };
        tell(&ready);
        let generation = self.shared.with_line(|line| {
            line.helper = Some(helper);
            line.has_hooks = ready.hooks;
            line.generation += 1;
            line.generation
        });
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let reason = loop {
                match events.next().await {
                    Ok(Some(event)) => shared.hear(event),
                    Ok(None) => break "the helper has ended".to_owned(),
                    Err(error) => break error.to_string(),
                }
            };
            shared.lost(generation, &reason);
        });
        Ok(())
    }

    fn names(launch: &Launch) -> CoreResult<Vec<String>> {
        serde_json::from_slice(&launch.spec).map_err(|error| {
            let context = format!("launch {} is not one of this provider", launch.id);
            CoreError::new(CoreErrorKind::Invalid, "start workers", context).with_source(error)
        })
    }

    /// How the helper is asked for `how`; `None` for what is switched off.
    fn question(&self, how: Stop, has_hooks: bool) -> Option<(How, Duration)> {
        Some(match how {
            Stop::IfIdle | Stop::HandBack(_) if !self.config.ways.consent => (How::Leave, LEAVE_WITHIN),
            Stop::IfIdle => (How::IfIdle, Duration::ZERO),
            Stop::HandBack(within) => (How::HandBack, within),
            Stop::Relieve if !self.config.ways.consent => return None,
            Stop::Relieve => (How::Relieve, Duration::ZERO),
            Stop::Resume => (How::Resume, Duration::ZERO),
            Stop::Hold if !self.config.ways.consent => return None,
            Stop::Hold => (How::Hold, Duration::ZERO),
            Stop::Now if has_hooks => (How::Now, Duration::ZERO),
            // Without hooks nobody knows for sure what it does: leave it the way out that the released manager takes.
            Stop::Now => (How::Leave, LEAVE_WITHIN),
        })
    }
}

/// Says which way was taken, once per helper.
fn tell(ready: &Ready) {
    let Ready { package, python, executable, workers, processors, hooks, notes } = ready;
    info!(%package, %python, %executable, %workers, %processors, hooks, "the Python helper is ready");
    for note in notes {
        warn!(%note, "a plainer way is taken");
    }
}

impl Shared {
    fn with_line<T>(&self, use_line: impl FnOnce(&mut Line) -> T) -> T {
        use_line(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_registry<T>(&self, use_registry: impl FnOnce(&mut Registry) -> T) -> T {
        use_registry(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hear(&self, event: Event) {
        match event {
            Event::Started { name, pid } => {
                debug!(worker = %name, pid, "a worker process runs");
                self.with_registry(|registry| registry.running(&name, pid));
            }
            Event::Failed { name, reason } => {
                let exit = Exit { cause: ExitCause::NeverStarted(reason), asked: false, sure: true };
                self.with_registry(|registry| registry.set(&name, UnitState::Gone(exit)));
            }
            Event::Exit { name, code, signal, asked } => {
                let cause = match (code, signal) {
                    (_, Some(signal)) => ExitCause::Signal(signal),
                    (code, None) => ExitCause::Code(code.unwrap_or(-1)),
                };
                let exit = Exit { cause, asked, sure: true };
                self.with_registry(|registry| registry.set(&name, UnitState::Gone(exit)));
            }
            Event::Answer { id, answer } => {
                if let Some(asker) = self.with_line(|line| line.questions.remove(&id)) {
                    // The asker may have given up waiting.
                    let _ = asker.send(answer);
                }
            }
            Event::Ready(_) | Event::Fatal { .. } => debug!("the helper repeats itself"),
        }
    }

    fn lost(&self, generation: u64, reason: &str) {
        let was_needed = self.with_line(|line| {
            let is_current = line.generation == generation;
            if is_current {
                line.questions.clear();
            }
            is_current && line.helper.take().is_some()
        });
        if was_needed {
            warn!(%reason, "the Python helper is gone, and its workers with it");
            self.with_registry(|registry| registry.lost(reason));
        }
    }

    /// Puts a question; the answer comes out of the receiver. `None` when there is no helper.
    fn ask(&self, unit: &UnitId, how: How, within: Duration) -> Option<oneshot::Receiver<Answer>> {
        self.with_line(|line| {
            let (asker, answer) = oneshot::channel();
            line.asked += 1;
            let id = line.asked;
            line.helper.as_ref()?.stop_worker(unit.as_str(), how, within, id);
            line.questions.insert(id, asker);
            Some(answer)
        })
    }
}

#[async_trait]
impl Provider for NativeProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> CoreResult<Launch> {
        let kind = &self.config.worker_type;
        let names: Vec<String> =
            (0..count.get()).map(|_| Ok(format!("{kind}|{}", random_hex()?))).collect::<CoreResult<_>>()?;
        let id = random_hex()?;
        Ok(Launch {
            id: LaunchId::from(id.clone()),
            token: Token::from(id),
            count,
            tier: tier.clone(),
            at: now,
            spec: Bytes::from(serde_json::to_vec(&names).expect("a list of texts becomes JSON")),
        })
    }

    async fn launch(&self, launch: &Launch) -> CoreResult<Launched> {
        let names = Self::names(launch)?;
        self.ensure_helper().await?;
        if self.shared.with_registry(|registry| registry.remember(launch)) {
            for name in &names {
                // On the books before it is asked for: its first event may come at once.
                self.shared.with_registry(|registry| registry.starting(name, launch));
                let is_asked = self
                    .shared
                    .with_line(|line| line.helper.as_ref().map(|helper| helper.start_worker(name)).is_some());
                if !is_asked {
                    let cause = ExitCause::NeverStarted("the helper has ended".to_owned());
                    let exit = Exit { cause, asked: false, sure: true };
                    self.shared.with_registry(|registry| registry.set(name, UnitState::Gone(exit)));
                }
            }
        }
        let units = self.shared.with_registry(|registry| registry.of_launch(&launch.id));
        Ok(Launched { units, ..Launched::default() })
    }

    async fn observe(&self, _open: &[OpenLaunch]) -> CoreResult<Observed> {
        let units = self.shared.with_registry(Registry::look);
        Ok(Observed { units, settled: Vec::new() })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, CoreResult<StopAnswer>)> {
        let has_hooks = self.shared.with_line(|line| line.has_hooks);
        let Some((question, within)) = self.question(how, has_hooks) else {
            return units.iter().map(|unit| (unit.clone(), Ok(StopAnswer::Unsupported))).collect();
        };
        let asked: Vec<_> = units
            .iter()
            .map(|unit| {
                let is_there = self.shared.with_registry(|registry| registry.has(unit));
                (unit.clone(), is_there.then(|| self.shared.ask(unit, question, within)).flatten())
            })
            .collect();
        let until = Instant::now() + ANSWER_WITHIN;
        let mut answers = Vec::with_capacity(asked.len());
        for (unit, answer) in asked {
            let said = match answer {
                None => Ok(Answer::Gone),
                Some(answer) => timeout_at(until, answer).await.map(|said| said.unwrap_or(Answer::Gone)),
            };
            let said = match said {
                Ok(Answer::Accepted) => {
                    if matches!(how, Stop::IfIdle | Stop::Now) {
                        self.shared.with_registry(|registry| registry.set(unit.as_str(), UnitState::Stopping));
                    }
                    Ok(StopAnswer::Accepted)
                }
                Ok(Answer::Busy) => Ok(StopAnswer::Busy),
                Ok(Answer::Unsupported) => Ok(StopAnswer::Unsupported),
                Ok(Answer::Gone) => Err(CoreError::new(CoreErrorKind::NotFound, "stop a worker", unit.to_string())),
                // The helper itself answers these, at once: it must be stuck.
                Err(_) if matches!(how, Stop::Now | Stop::Hold) => {
                    warn!("the Python helper does not answer: ending it");
                    self.shared.with_line(|line| line.helper.as_mut().map(Helper::kill));
                    Err(CoreError::new(CoreErrorKind::Transient, "stop a worker", unit.to_string()))
                }
                Err(_) => Ok(StopAnswer::Busy),
            };
            answers.push((unit, said));
        }
        answers
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    async fn sweep(&self) -> CoreResult<()> {
        let helper = self.shared.with_line(|line| line.helper.take());
        if let Some(helper) = helper {
            let status = helper.end().await?;
            debug!(%status, "the Python helper has ended");
            self.shared.with_registry(|registry| registry.lost("the helper was ended"));
        }
        Ok(())
    }
}

/// 128 random bits, as the released manager's names have.
fn random_hex() -> CoreResult<String> {
    let mut bytes = [0_u8; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(|error| {
        CoreError::new(CoreErrorKind::Failed, "make a name", "the system gives no random bytes").with_source(error)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
