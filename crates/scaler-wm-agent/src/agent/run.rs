//! The loop of one agent. Everything that can happen to it is an event, taken one after the other.

use std::sync::Arc;

use scaler_wm_core::{Chain, Exit, ExitCause, Stop, StopAnswer, TaskId, UnitId, WorkerId, cut};
use scaler_wm_wire::{
    Message,
    message::{CancelOutcome, DisconnectKind, Instruction, ObjectInstruction, TaskCancel, WorkerHeartbeatEcho},
    ymq::Identity,
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tracing::{debug, info, warn};

use super::{
    News, Question, Tell,
    book::{AfterCancel, AfterEnd, Book, Mode, OnCancel},
    outbox::Outbox,
    pulse::{About, Pulse},
    says::Says,
    task::{Done, see_through},
    wire::{Wire, WireEvent},
};
use crate::{
    AgentConfig,
    hub::{Canceled, Hub, Job},
};

/// One worker.
pub(crate) struct Agent {
    pub(super) unit: UnitId,
    pub(super) worker: WorkerId,
    config: Arc<AgentConfig>,
    pub(super) hub: Arc<Hub>,
    tell: Tell,
    questions: mpsc::UnboundedReceiver<Question>,
    pub(super) wire: Wire,
    pulse: Pulse,
    about: About,
    pub(super) book: Book,
    pub(super) outbox: Outbox,
    mode: Mode,
    /// When a hand-back is over, whatever still runs.
    until: Option<Instant>,
    pub(super) work: JoinSet<Worked>,
    is_up: bool,
    /// Whether a failure of the connection was told since it was good.
    is_told: bool,
    says: Says,
}

/// No id of a task or a client is longer, in bytes. Those of the releases have at most about 100.
const LONGEST_ID: usize = 512;

/// What came of something that was done beside the loop.
pub(super) enum Worked {
    Ended(Done),
    /// Its task was withdrawn, or is with another agent now.
    Lost(TaskId),
    Canceled {
        task: TaskId,
        answer: Canceled,
        force: bool,
    },
}

enum Event {
    Wire(WireEvent),
    Worked(Worked),
    Question(Question),
    /// The provider has gone.
    Alone,
    Tick,
}

/// Why an agent ends, and how it leaves.
pub(super) enum End {
    /// It was asked to.
    Asked,
    /// The scheduler wants no worker any more.
    Shutdown,
    /// The scheduler has not answered for too long.
    Dead,
    /// The provider has gone.
    Alone,
}

impl Agent {
    pub(crate) fn new(
        unit: UnitId,
        config: Arc<AgentConfig>,
        hub: Arc<Hub>,
        tell: Tell,
        questions: mpsc::UnboundedReceiver<Question>,
    ) -> Self {
        let now = Instant::now();
        let worker = WorkerId::from(unit.as_str());
        let seed = config.seed ^ fastrand::u64(..);
        let identity = Identity::from(worker.as_bytes());
        let wire = Wire::new(config.scheduler.clone(), identity, config.connect.clone(), seed);
        Self {
            pulse: Pulse::new(config.heartbeat_interval, now),
            about: About::new(&config),
            book: Book::new(config.concurrency.get()),
            outbox: Outbox::default(),
            mode: Mode::Working,
            until: None,
            work: JoinSet::new(),
            is_up: false,
            is_told: false,
            says: Says::default(),
            wire,
            unit,
            worker,
            config,
            hub,
            tell,
            questions,
        }
    }

    /// Works until it is told to leave, the scheduler shuts down, or has not answered for too long.
    pub(crate) async fn run(mut self) {
        let end = loop {
            if let Some(end) = self.round() {
                break end;
            }
            let event = self.next().await;
            if let Some(end) = self.take(event) {
                break end;
            }
        };
        if matches!(end, End::Alone) {
            return;
        }
        (self.tell)(&self.unit, News::Leaving);
        self.leave(&end).await;
        let (cause, asked) = match end {
            End::Asked | End::Alone => (ExitCause::Code(0), true),
            End::Shutdown => (ExitCause::Code(0), false),
            End::Dead => {
                let seconds = self.config.death_timeout.as_secs_f64();
                (ExitCause::Lost(format!("the scheduler has not answered for {seconds} s")), false)
            }
        };
        (self.tell)(&self.unit, News::Gone(Exit { cause, asked, sure: true }));
    }

    /// What is due now, and whether it is over.
    fn round(&mut self) -> Option<End> {
        let now = Instant::now();
        while let Some(job) = self.book.start(self.mode, now) {
            let hub = Arc::clone(&self.hub);
            let task = job.task.clone();
            self.work.spawn(async move { see_through(hub, job).await.map_or(Worked::Lost(task), Worked::Ended) });
        }
        if self.mode == Mode::HandingBack {
            let is_late = self.until.is_some_and(|until| until <= now);
            if is_late || self.book.count_under_way() == 0 {
                return Some(End::Asked);
            }
        }
        if now.duration_since(self.pulse.alive()) >= self.config.death_timeout {
            return Some(End::Dead);
        }
        if self.pulse.silent_at().is_some_and(|at| at <= now) && self.wire.link().is_some() {
            self.lost("the scheduler stopped answering heartbeats");
        }
        self.beat(now);
        None
    }

    fn beat(&mut self, now: Instant) {
        if self.pulse.due(now).is_none_or(|due| due > now) {
            return;
        }
        let Some(link) = self.wire.link() else { return };
        let heartbeat = self.about.heartbeat(&self.book, &self.pulse, now);
        if let Err(error) = link.sender.queue(&heartbeat) {
            return self.lost(&Chain(&error).to_string());
        }
        self.pulse.sent(now);
        self.outbox.beat();
    }

    fn next_tick(&mut self) -> Instant {
        let now = Instant::now();
        let is_linked = self.wire.link().is_some();
        let due = if is_linked { self.pulse.due(now) } else { None };
        let silent = if is_linked { self.pulse.silent_at() } else { None };
        let dead = self.pulse.alive() + self.config.death_timeout;
        [due, silent, self.until].into_iter().flatten().fold(dead, Instant::min)
    }

    async fn next(&mut self) -> Event {
        let tick = self.next_tick();
        tokio::select! {
            // In this order, so that results that are ready together go out together.
            biased;
            // Cancel safe: a result stays in the set until it is handed out.
            Some(worked) = self.work.join_next(), if !self.work.is_empty() => match worked {
                Ok(worked) => Event::Worked(worked),
                // Only a defect of ours comes here: its task stays until it is canceled.
                Err(error) => {
                    warn!(agent = %self.unit, %error, "what sees a task through has ended early");
                    Event::Tick
                }
            },
            // Cancel safe: a channel's receiver loses nothing.
            question = self.questions.recv() => question.map_or(Event::Alone, Event::Question),
            // Cancel safe by contract.
            event = self.wire.next() => Event::Wire(event),
            // Cancel safe: a timer.
            () = sleep_until(tick) => Event::Tick,
        }
    }

    fn take(&mut self, event: Event) -> Option<End> {
        match event {
            Event::Wire(event) => return self.happened(event),
            Event::Worked(worked) => self.worked(worked),
            Event::Question((how, answer)) => {
                let (said, end) = self.asked(how);
                // Whoever asked may have given up.
                let _ = answer.send(said);
                return end;
            }
            Event::Alone => return Some(End::Alone),
            Event::Tick => {}
        }
        None
    }

    fn asked(&mut self, how: Stop) -> (StopAnswer, Option<End>) {
        debug!(agent = %self.unit, ?how, "asked");
        let (mode, until) = match how {
            Stop::IfIdle if self.book.is_idle() => return (StopAnswer::Accepted, Some(End::Asked)),
            Stop::Now => return (StopAnswer::Accepted, Some(End::Asked)),
            Stop::Relieve if self.book.queued() == 0 => return (StopAnswer::Busy, None),
            Stop::IfIdle => return (StopAnswer::Busy, None),
            Stop::HandBack(within) => (Mode::HandingBack, Some(Instant::now() + within)),
            Stop::Relieve => (Mode::HandingBack, None),
            Stop::Resume => (Mode::Working, None),
            Stop::Hold => (Mode::Holding, None),
        };
        (self.mode, self.until) = (mode, until);
        (StopAnswer::Accepted, None)
    }

    fn worked(&mut self, worked: Worked) {
        match worked {
            Worked::Ended(done) => match self.book.ended(done) {
                AfterEnd::Announce(done) => self.announce(done),
                AfterEnd::Discard(done) => self.discard(done),
                AfterEnd::Wait => {}
            },
            Worked::Lost(task) => self.book.lost(&task),
            Worked::Canceled { task, answer, force } => match self.book.canceled(&task, answer, force) {
                AfterCancel::Canceled(held) => {
                    self.confirm(&task, CancelOutcome::Canceled);
                    if let Some(done) = held {
                        self.discard(done);
                    }
                }
                AfterCancel::GoesOn(held) => {
                    self.confirm(&task, CancelOutcome::Failed);
                    if let Some(done) = held {
                        self.announce(done);
                    }
                }
                AfterCancel::Forgotten => {}
            },
        }
    }

    fn happened(&mut self, event: WireEvent) -> Option<End> {
        match event {
            WireEvent::Connected { is_new } => self.connected(is_new),
            WireEvent::Message(message) => return self.heard(message),
            WireEvent::Malformed(error) => debug!(agent = %self.unit, %error, "skipped a message of the scheduler"),
            WireEvent::Lost(error) => self.lost(&Chain(&error).to_string()),
            WireEvent::Flushed | WireEvent::Again => {}
        }
        None
    }

    pub(super) fn lost(&mut self, reason: &str) {
        let agent = &self.unit;
        let line = |left_out| {
            warn!(%agent, %reason, left_out, "no connection to the scheduler: what runs goes on meanwhile");
        };
        if self.is_told || !Says::now(&mut self.says.lost, line) {
            debug!(%agent, %reason, "no connection to the scheduler");
        }
        self.is_told = true;
        self.wire.lost();
    }

    fn connected(&mut self, is_new: bool) {
        self.pulse.connected();
        if is_new {
            let tasks = self.book.clear();
            let (agent, tasks_there) = (&self.unit, tasks.len());
            Says::now(&mut self.says.new, |left_out| {
                info!(%agent, tasks = tasks_there, left_out, "another scheduler is there: what the last one wanted waits to \
                    be asked for again");
            });
            self.work.abort_all();
            self.work = JoinSet::new();
            tasks.iter().for_each(|task| self.hub.abandon(task));
            self.outbox.clear().into_iter().for_each(|task| self.hub.over(task));
        }
        let Some(link) = self.wire.link() else { return };
        let queued = self.outbox.again().try_for_each(|message| link.sender.queue(message));
        if let Err(error) = queued {
            self.lost(&Chain(&error).to_string());
        }
    }

    fn heard(&mut self, message: Message) -> Option<End> {
        match message {
            Message::WorkerHeartbeatEcho(echo) => self.echoed(&echo),
            Message::Task(task) if task.id.as_bytes().len().max(task.source.as_bytes().len()) > LONGEST_ID => {
                debug!(agent = %self.unit, "left out a task whose id is too long");
            }
            Message::Task(task) => {
                if !self.book.take(Job::from(task)) {
                    self.lost(
                        "the scheduler gives more tasks than an agent takes, so that it must give them to others",
                    );
                }
            }
            Message::TaskCancel(cancel) if cancel.id.as_bytes().len() > LONGEST_ID => {
                debug!(agent = %self.unit, "left out a cancel whose id is too long");
            }
            Message::TaskCancel(TaskCancel { id, force }) => self.cancel(TaskId::from(id.as_bytes()), force),
            Message::ObjectInstruction(ObjectInstruction { instruction: Instruction::Delete, objects, .. }) => {
                objects.ids.iter().for_each(|object| self.hub.objects().drop_object(object));
            }
            Message::ClientDisconnect(disconnect) if disconnect.kind == DisconnectKind::Shutdown => {
                info!(agent = %self.unit, "the scheduler wants its workers to end");
                return Some(End::Shutdown);
            }
            other => debug!(agent = %self.unit, message = other.name(), "ignored a message of the scheduler"),
        }
        None
    }

    fn echoed(&mut self, echo: &WorkerHeartbeatEcho) {
        if !self.pulse.echoed(Instant::now()) {
            return;
        }
        self.wire.is_good();
        if std::mem::take(&mut self.is_told) {
            let agent = &self.unit;
            Says::now(&mut self.says.again, |left_out| info!(%agent, left_out, "the scheduler answers again"));
        }
        if !std::mem::replace(&mut self.is_up, true) {
            (self.tell)(&self.unit, News::Up);
        }
        self.outbox.echoed().into_iter().for_each(|task| self.hub.over(task));
        if self.config.storage.is_none() {
            match echo.storage.address() {
                Ok(address) => self.hub.storage().is_at(address),
                Err(error) => {
                    let agent = &self.unit;
                    Says::now(&mut self.says.storage, |left_out| {
                        warn!(%agent, error = cut(error), left_out, "the scheduler names no usable object storage");
                    });
                }
            }
        }
    }

    fn cancel(&mut self, task: TaskId, force: bool) {
        match self.book.cancel(&task) {
            OnCancel::Dropped => self.confirm(&task, CancelOutcome::Canceled),
            OnCancel::NotFound => self.confirm(&task, CancelOutcome::NotFound),
            OnCancel::Known => {}
            OnCancel::Ask => {
                let hub = Arc::clone(&self.hub);
                self.work.spawn(async move {
                    let answer = hub.cancel(&task, force).await;
                    Worked::Canceled { task, answer, force }
                });
            }
        }
    }
}
