//! Sessions: made, opened, closed, lost.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Signal, kill_process_group};

use super::{
    Inner,
    state::{Phase, Session, State},
    store,
};
use crate::{
    abi,
    attachment::{Attachment, Listener},
    failure::{Failure, Result},
    world::{Facts, Opened},
};

/// The types that each application profile of ours declares, and whether a session of it outlives its client.
const TYPES: [(&str, bool); 3] =
    [("RecoverableAllHistoricalData", true), ("UnrecoverableAllHistoricalData", false), ("ShortRunningTasks", false)];
/// The priority of whoever does not ask for one.
const PRIORITY: i32 = 1;
/// How long a killed process may take to be no more. It is the kernel's doing, and quick.
const KILLED: Duration = Duration::from_secs(5);

pub(super) fn is_recoverable(kind: &str) -> bool {
    TYPES.contains(&(kind, true))
}

fn check(facts: Facts) -> Result<Facts> {
    let Facts { kind, priority, codec, .. } = &facts;
    if !TYPES.iter().any(|(known, _)| known == kind) {
        let known = TYPES.map(|(known, _)| known).join(", ");
        return Err(Failure::invalid(format!("no session type is called {kind}; there are {known}")));
    }
    if ![abi::CODEC_BYTE_ARRAY, abi::CODEC_RAW].contains(codec) {
        return Err(Failure::invalid(format!("there is no codec {codec}")));
    }
    match priority {
        0 => Ok(Facts { priority: PRIORITY, ..facts }),
        1..=10_000 => Ok(facts),
        _ => Err(Failure::invalid(format!("priority {priority} is not within 1 to 10000"))),
    }
}

impl Inner {
    pub(super) fn create(&self, facts: Facts, listener: Box<dyn Listener>) -> Result<Opened> {
        let facts = check(facts)?;
        let attachment = Arc::new(Attachment::new(listener));
        // Under the lock, which keeps the numbers apart.
        let mut state = self.state();
        let number = self.store.create(&facts).map_err(|error| Failure::io("write down a session", error))?;
        let session = Session { facts, last_task: 0, tasks: BTreeMap::new(), attachment: Some(attachment.clone()) };
        state.sessions.insert(number, session);
        Ok(Opened { session: number, attachment })
    }

    pub(super) fn open(
        &self,
        application: &str,
        number: u64,
        codec: u32,
        listener: Box<dyn Listener>,
    ) -> Result<Opened> {
        let attachment = Arc::new(Attachment::new(listener));
        let mut state = self.state();
        let session = state.sessions.get_mut(&number).filter(|session| session.facts.application == application);
        let session =
            session.ok_or_else(|| Failure::new(abi::UNKNOWN, format!("{application} has no session {number}")))?;
        if session.facts.codec != codec {
            let codec = session.facts.codec;
            return Err(Failure::invalid(format!("session {number} was made with codec {codec}")));
        }
        if session.attachment.is_some() {
            return Err(Failure::invalid(format!("session {number} is open already")));
        }
        session.attachment = Some(attachment.clone());
        // Under the lock: what ends from here on is told by whoever sees it end.
        state.ended(number).into_iter().for_each(|delivery| self.pool.push(delivery));
        Ok(Opened { session: number, attachment })
    }

    pub(super) fn close(&self, opened: &Opened, destroy: bool) -> Result<()> {
        let number = opened.session;
        let mut state = self.state();
        let Some(session) = state.attached(opened) else {
            // It was lost before, and may be open to somebody else by now.
            return if destroy { Err(Failure::lost()) } else { Ok(()) };
        };
        session.attachment = None;
        if destroy || !is_recoverable(&session.facts.kind) {
            drop(state);
            self.destroy(number)?;
        }
        Ok(())
    }

    /// The session is lost to whoever has it open, and gone if asked for.
    pub(super) fn lose(&self, number: u64, attachment: &Arc<Attachment>, gone: bool) {
        let opened = Opened { session: number, attachment: attachment.clone() };
        let found = self.state().attached(&opened).map(|session| session.attachment = None);
        if found.is_some()
            && gone
            && let Err(failure) = self.destroy(number)
        {
            eprintln!("scaler-soam-sim: {}", failure.message);
        }
    }

    /// Ends a session with all of its tasks.
    pub(super) fn destroy(&self, number: u64) -> Result<()> {
        let mut state = self.state();
        let tasks: Vec<u64> =
            state.sessions.get(&number).map(|session| session.tasks.keys().copied().collect()).unwrap_or_default();
        for task in tasks {
            if let Some(Phase::Running { worker }) = state.remove((number, task)) {
                kill(&mut state, worker);
            }
        }
        state.sessions.remove(&number);
        drop(state);
        let removed = self.store.remove(number);
        self.await_parting(|place| place.0 == number);
        removed.map_err(|error| Failure::io(format!("remove session {number}"), error))
    }

    /// Ends the sessions that do not outlive their client.
    pub(super) fn end_unrecoverable(&self) {
        let state = self.state();
        let ended = state.sessions.iter().filter(|(_, session)| !is_recoverable(&session.facts.kind));
        let ended: Vec<u64> = ended.map(|(number, _)| *number).collect();
        drop(state);
        for number in ended {
            // The next process that takes the folder tries again.
            let _ = self.destroy(number);
        }
    }

    /// Waits until no worker has such a task. The processes were killed.
    pub(super) fn await_parting(&self, is_such: impl Fn(store::Place) -> bool) {
        let end = Instant::now() + KILLED;
        let mut state = self.state();
        while state.workers.values().filter_map(|worker| worker.task).any(&is_such) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.parted.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    /// The session, if it is open to this one still.
    pub(super) fn attached(&mut self, opened: &Opened) -> Option<&mut Session> {
        let session = self.sessions.get_mut(&opened.session)?;
        let is_ours = session.attachment.as_ref().is_some_and(|now| Arc::ptr_eq(now, &opened.attachment));
        is_ours.then_some(session)
    }
}

/// Kills the process of a worker. Under the lock: its number is not forgotten by us and used by another meanwhile.
pub(super) fn kill(state: &mut State, worker: u64) {
    let Some(worker) = state.workers.get_mut(&worker) else { return };
    // Without a process it looks whether the task is still one before it tells it to its next.
    let Some(pid) = worker.pid else { return };
    if worker.adopted.as_ref().is_some_and(|path| store::owner(path) != Some(pid)) {
        return;
    }
    worker.killed = true;
    // It may have ended by itself.
    let _ = kill_process_group(pid, Signal::KILL);
}
