//! Maps the provider seam to the helper.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    Error as CoreError, ErrorKind as CoreErrorKind, Exit, ExitCause, Launch, LaunchId, Launched, Limit, Observed,
    OpenLaunch, Provider, ProviderInfo, Result as CoreResult, Stop, StopAnswer, Tier, Timestamp, Token, UnitId,
    UnitState,
};
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    time::{Instant, timeout, timeout_at},
};
use tracing::{debug, info, warn};

use crate::{
    Error, ErrorKind, NativeConfig,
    helper::{Answer, Event, Events, Helper, How, Ready, version},
    kept::is_there,
    registry::Registry,
    shared::Shared,
    switchboard::Switchboard,
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
            // Known when the helper has looked at the package.
            relieves: false,
            ends_by_itself: false,
            swept_within: Duration::from_secs(5),
        };
        let shared = Shared::new(&config, ticks);
        let mut provider =
            Self { info, config, python, shared: Arc::new(shared), starting: AsyncMutex::default(), changed };
        // Where nothing was left behind there is nothing of an earlier process to be listed.
        let has_taken_over = provider.take_over().await;
        provider.info.lists_foreign_units = has_taken_over;
        provider.info.finds_recorded_units = has_taken_over;
        provider.ensure_helper().await?;
        provider.info.relieves =
            provider.config.ways.consent && provider.shared.with_board(|board| board.has_hooks(None));
        Ok(provider)
    }

    /// The process id of a worker that runs.
    #[must_use]
    pub fn pid(&self, unit: &UnitId) -> Option<i32> {
        self.shared.with_registry(|registry| registry.pid(unit))
    }

    /// Takes over what an earlier manager has left behind; whether there was something.
    async fn take_over(&self) -> bool {
        let Some(folder) = &self.config.folder else { return false };
        let Some((mut helper, mut events)) = Helper::claim(folder, &self.config).await else { return false };
        let ready = match timeout(READY_WITHIN, events.next()).await {
            Ok(Ok(Some(Event::Ready(ready)))) => ready,
            other => {
                // It is stuck, or no helper at all: a new one takes its place at the socket, and nobody claims this one.
                warn!(?other, "what listens in the state folder is no helper that can be taken over: it is left alone");
                return false;
            }
        };
        helper.is_process(ready.pid);
        helper.keeps(self.config.keep.is_some());
        let line = self.shared.with_board(|board| board.add(helper, ready.hooks));
        let (mut adopted, mut strays) = (0_u32, Vec::new());
        for kept in &ready.kept {
            let launch = LaunchId::from(kept.launch.clone());
            self.shared.with_registry(|registry| {
                registry.remember(&launch);
                registry.starting(&kept.name, &launch, line);
            });
            match &kept.exit {
                Some(exit) => self.shared.ended(&kept.name, exit.code, exit.signal, exit.asked),
                // One that is just starting has no lock yet.
                None if !kept.up => adopted += 1,
                None if is_there(kept, folder) => {
                    adopted += 1;
                    self.shared.with_registry(|registry| registry.running(&kept.name, kept.pid));
                }
                None => strays.push(UnitId::from(kept.name.clone())),
            }
        }
        for stray in strays {
            warn!(worker = %stray, "process, lock and helper do not agree on this worker: it finishes what runs, and goes");
            drop(self.shared.ask(&stray, How::HandBack, Duration::ZERO));
            self.shared.with_registry(|registry| registry.set(stray.as_str(), UnitState::Stopping));
        }
        info!(adopted, helper = ready.pid, "took over the helper of an earlier manager");
        if ready.version != version(&self.config, &self.python) {
            warn!(
                workers = adopted,
                "that helper is of another version, or starts workers with other settings: they finish what runs and are \
                 replaced"
            );
            self.shared.retire(line);
        }
        self.hear(line, events);
        true
    }

    /// Starts a helper unless one is there.
    async fn ensure_helper(&self) -> Result<(), Error> {
        let _starting = self.starting.lock().await;
        if self.shared.with_board(|board| board.current().is_some()) {
            return Ok(());
        }
        let (mut helper, mut events) = Helper::start(&self.python, &self.config)?;
        let first = timeout(READY_WITHIN, events.next()).await.map_err(|_| {
            let context = format!("{} did not import the package in time", self.python.display());
            Error::new(ErrorKind::Helper, "start the Python helper", context)
        })?;
        let ready = match first {
            Ok(Some(Event::Ready(ready))) => ready,
            Ok(Some(Event::Fatal { reason, remedy })) => {
                let context = format!("{reason}; run: {remedy}");
                return Err(Error::new(ErrorKind::Unusable, "start Python workers", context));
            }
            // What it says is none of its events.
            Err(error) if std::error::Error::source(&error).is_none() => return Err(error),
            other => {
                let python = self.python.display();
                let context = match other {
                    Ok(Some(event)) => format!("{python} said {event:?} first"),
                    // An end of file, or a reset by one that has not read what it was sent.
                    Ok(None) | Err(_) => format!(
                        "{python} ended at once; what it printed says why, unless it is no Python interpreter: give one by \
                         --python PATH"
                    ),
                };
                return Err(Error::new(ErrorKind::Helper, "start the Python helper", context));
            }
        };
        tell(&ready);
        helper.keeps(self.config.keep.is_some());
        let line = self.shared.with_board(|board| board.add(helper, ready.hooks));
        self.hear(line, events);
        Ok(())
    }

    /// Hears a helper until it ends.
    fn hear(&self, line: u64, mut events: Events) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let reason = loop {
                match events.next().await {
                    Ok(Some(event)) => shared.hear(line, event),
                    Ok(None) => break "the helper has ended".to_owned(),
                    Err(error) => break error.to_string(),
                }
            };
            shared.lost(line, &reason);
        });
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
    let Ready { package, python, executable, workers, processors, hooks, notes, .. } = ready;
    info!(%package, %python, %executable, %workers, %processors, hooks, "the Python helper is ready");
    for note in notes {
        warn!(%note, "a plainer way is taken");
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
        if self.shared.with_registry(|registry| registry.remember(&launch.id)) {
            let line = self.shared.with_board(|board| board.current().map(|(line, _)| line));
            for name in &names {
                // On the books before it is asked for: its first event may come at once.
                self.shared.with_registry(|registry| registry.starting(name, &launch.id, line.unwrap_or_default()));
                let is_asked = self.shared.with_board(|board| {
                    let current = board.current().filter(|(current, _)| Some(*current) == line);
                    current.map(|(_, helper)| helper.start_worker(name, launch.id.as_str())).is_some()
                });
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
        let asked: Vec<_> = units
            .iter()
            .map(|unit| {
                let line = self.shared.with_registry(|registry| registry.line(unit));
                let has_hooks = self.shared.with_board(|board| board.has_hooks(line));
                let question = self.question(how, has_hooks);
                let answer = question.map(|(question, within)| self.shared.ask(unit, question, within));
                (unit.clone(), answer)
            })
            .collect();
        let until = Instant::now() + ANSWER_WITHIN;
        let mut answers = Vec::with_capacity(asked.len());
        for (unit, answer) in asked {
            let said = match answer {
                None => Ok(Answer::Unsupported),
                Some(None) => Ok(Answer::Gone),
                Some(Some(answer)) => timeout_at(until, answer).await.map(|said| said.unwrap_or(Answer::Gone)),
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
                    if let Some(line) = self.shared.with_registry(|registry| registry.line(&unit)) {
                        self.shared.with_board(|board| board.kill(line));
                    }
                    Err(CoreError::new(CoreErrorKind::Transient, "stop a worker", unit.to_string()))
                }
                Err(_) => Ok(StopAnswer::Busy),
            };
            answers.push((unit, said));
        }
        answers
    }

    fn place(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    async fn sweep(&self) -> CoreResult<()> {
        for helper in self.shared.with_board(Switchboard::take_all) {
            helper.end().await?;
            debug!("the Python helper has ended");
        }
        self.shared.with_registry(Registry::all_lost);
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
