//! Both sides of the control of one manager.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{CallFigures, Command, Decision, EventLog, Figures, Meters, Refusal};
use crate::{
    Clock, Entry, Error, ErrorKind, Journal, ManagerId, Provider, ProviderInfo, Result,
    manager::Status,
    policy::{Cost, Ledger},
};

/// Commands that wait for a manager that is busy, or has not begun.
const COMMANDS: usize = 64;
/// Decisions that are kept.
const DECISIONS: usize = 64;

/// A command, and where its answer goes.
type Asked = (Command, oneshot::Sender<Result<(), Refusal>>);

/// What both sides share.
struct Shared {
    manager: ManagerId,
    events: EventLog,
    decisions: Mutex<VecDeque<Arc<Decision>>>,
    meters: Meters,
    /// What the manager stands on, once there is one.
    ground: OnceLock<Ground>,
}

struct Ground {
    provider: Arc<dyn Provider>,
    journal: Arc<dyn Journal>,
    ledger: Option<Arc<Ledger>>,
    clock: Clock,
}

/// Both sides of the control of one manager.
#[must_use]
pub fn pair(manager: ManagerId) -> (Control, Seat) {
    let shared = Arc::new(Shared {
        manager,
        events: EventLog::default(),
        decisions: Mutex::default(),
        meters: Meters::default(),
        ground: OnceLock::new(),
    });
    let (commands, asked) = mpsc::channel(COMMANDS);
    let (publish, status) = watch::channel(Arc::default());
    let control = Control { shared: Arc::clone(&shared), status, commands };
    (control, Seat { shared, status: publish, asked })
}

/// The side of whoever looks on.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
    status: watch::Receiver<Arc<Status>>,
    commands: mpsc::Sender<Asked>,
}

impl Control {
    /// The manager's name at the scheduler.
    #[must_use]
    pub fn manager(&self) -> &ManagerId {
        &self.shared.manager
    }

    /// How things stand.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status.borrow())
    }

    /// The same, told whenever it changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Status>> {
        self.status.clone()
    }

    /// What happened last.
    #[must_use]
    pub fn events(&self) -> &EventLog {
        &self.shared.events
    }

    /// The last decisions, oldest first.
    #[must_use]
    pub fn decisions(&self) -> Vec<Arc<Decision>> {
        self.shared.decisions().iter().cloned().collect()
    }

    /// What was counted and measured.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.shared.meters.figures()
    }

    /// Calls to the infrastructure so far, by operation; none where they are not counted, and before the manager begins.
    #[must_use]
    pub fn calls(&self) -> Vec<CallFigures> {
        self.shared.ground.get().map(|ground| ground.provider.calls()).unwrap_or_default()
    }

    /// What the provider is and can do, once there is one.
    #[must_use]
    pub fn info(&self) -> Option<&ProviderInfo> {
        self.shared.ground.get().map(|ground| ground.provider.info())
    }

    /// What its units cost, where the policy has a price for them.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        let ground = self.shared.ground.get()?;
        ground.ledger.as_ref()?.cost(&self.shared.manager, ground.clock.now())
    }

    /// How long the loop is behind its own plan: next to nothing, unless something holds it up. `None` while it does not
    /// run.
    #[must_use]
    pub fn is_behind_by(&self) -> Option<Duration> {
        let ground = self.shared.ground.get()?;
        Some(ground.clock.now().since(self.figures().next_round?))
    }

    /// Where units are, in words; empty before the manager begins.
    #[must_use]
    pub fn place(&self) -> String {
        self.shared.ground.get().map(|ground| ground.provider.place()).unwrap_or_default()
    }

    /// The launches on record.
    ///
    /// # Errors
    /// When the journal cannot be read, or the manager has not begun.
    pub async fn launches(&self) -> Result<Vec<Entry>> {
        match self.shared.ground.get() {
            Some(ground) => ground.journal.load().await,
            None => {
                Err(Error::new(ErrorKind::Transient, "read the journal", "the manager has not begun; try again soon"))
            }
        }
    }

    /// Tells the manager to do something; returns once it has begun to.
    ///
    /// # Errors
    /// When it will not, with the reason.
    pub async fn ask(&self, command: Command) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        self.commands.send((command, answer)).await.map_err(|_| Refusal::Gone)?;
        answered.await.unwrap_or(Err(Refusal::Gone))
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("manager", &self.shared.manager).finish_non_exhaustive()
    }
}

/// The side of the manager.
pub struct Seat {
    shared: Arc<Shared>,
    pub(crate) status: watch::Sender<Arc<Status>>,
    pub(crate) asked: mpsc::Receiver<Asked>,
}

impl Seat {
    /// Answers what is asked before there is a manager; over when it is asked to end.
    pub async fn told_to_end(&mut self) {
        while let Some((command, answer)) = self.asked.recv().await {
            if command == Command::Shutdown {
                // Whoever asked may be gone meanwhile.
                drop(answer.send(Ok(())));
                return;
            }
            let words = "the manager is starting; try again soon".to_owned();
            drop(answer.send(Err(Refusal::NotNow(words))));
        }
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }

    /// From here on a manager is there.
    pub(crate) fn take(
        &self,
        provider: Arc<dyn Provider>,
        journal: Arc<dyn Journal>,
        ledger: Option<Arc<Ledger>>,
        clock: Clock,
    ) {
        // A seat is taken once: a second manager would need one of its own.
        let _ = self.shared.ground.set(Ground { provider, journal, ledger, clock });
    }

    pub(crate) fn events(&self) -> &EventLog {
        &self.shared.events
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.shared.meters
    }

    pub(crate) fn decided(&self, decision: Decision) {
        let mut decisions = self.shared.decisions();
        if decisions.len() == DECISIONS {
            decisions.pop_front();
        }
        decisions.push_back(Arc::new(decision));
    }
}

impl Shared {
    fn decisions(&self) -> MutexGuard<'_, VecDeque<Arc<Decision>>> {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
