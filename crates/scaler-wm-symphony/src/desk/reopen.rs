//! Sessions that are lost, or left by an earlier process: opened again with their tasks, or ended.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use scaler_wm_core::{Backoff, BackoffSettings, Chain, Error, ErrorKind, Result, TaskId, TaskOutcome, Ticket};
use tracing::{info, warn};

use super::{AGAIN, Desk, Open};
use crate::{
    book::{Run, SessionKey},
    executor::handle,
    ffi::Session,
};

/// Tries to open a session again, about a minute of them, until it is given up with its tasks.
const OPENED_AGAIN: u32 = 15;
/// How the wait grows between them.
const OPENED_AFTER: BackoffSettings =
    BackoffSettings { free: 1, first: Duration::from_millis(200), longest: Duration::from_secs(6) };

impl Desk {
    /// A session is of no use any more: it is opened again where that can be, with its tasks, else they are lost.
    pub(super) fn lost(&mut self, key: SessionKey, error: &Error) {
        // One that tells it twice has been seen to.
        let Some(Open { session, id, .. }) = self.sessions.remove(&key) else { return };
        warn!(session = id, error = %Chain(error), "a session of Symphony is lost");
        if self.current == Some(key) {
            self.current = None;
        }
        // No callback of it comes any more, and what it has told so far counts.
        drop(session.close(false));
        self.shared.settle();
        let is_recoverable = self.shared.config.session_type.starts_with("Recoverable");
        // What cannot be opened now stays on record: the next process ends it.
        if is_recoverable && self.open_again(key, &id) {
            return;
        }
        // Then its tasks are not lost, as far as anybody knows: the next process finds them.
        if self.shared.is_closing() {
            return;
        }
        let lost = self.shared.book().lose(key);
        for task in lost {
            let context = format!("its session {id} is lost: {}", Chain(error));
            let error = Error::new(ErrorKind::Failed, "run a task", context);
            let most = self.shared.config.retries;
            let may = self.shared.book().lost(&task, most);
            self.shared.tell(task, if may { TaskOutcome::Again(error) } else { TaskOutcome::Failed(error) });
        }
    }

    fn open_again(&mut self, key: SessionKey, id: &str) -> bool {
        let mut backoff = Backoff::new(OPENED_AFTER, fastrand::u64(..));
        while backoff.failures() < OPENED_AGAIN {
            match self.open_session(key, id) {
                Ok(()) => {
                    info!(session = id, "the session is open again, with its tasks");
                    return true;
                }
                Err(error) if is_for_good(error.kind()) => {
                    warn!(session = id, error = %Chain(&error), "the session cannot be opened again");
                    self.strike(id, &error);
                    return false;
                }
                Err(error) => {
                    let wait = backoff.failed();
                    if backoff.failures() == OPENED_AGAIN {
                        warn!(session = id, error = %Chain(&error), "the session cannot be opened again for now");
                    }
                    if self.wait(wait).is_err() {
                        return false;
                    }
                }
            }
        }
        false
    }

    /// A session that is not known any more is on record no longer.
    fn strike(&mut self, id: &str, error: &Error) {
        if error.kind() == ErrorKind::NotFound {
            self.file.remove(id);
        }
    }

    pub(super) fn open_session(&mut self, key: SessionKey, id: &str) -> Result<()> {
        let connection = self.connection()?;
        let codec = self.shared.config.codec.of_abi();
        let (opening, events) = self.events(key);
        let session = Session::open(&connection, id, codec, events).inspect_err(|error| self.doubt(error))?;
        self.sessions.insert(key, Open { session, id: id.to_owned(), opening });
        Ok(())
    }

    /// Opens the sessions of an earlier process that have tasks on record, and ends the others that it has left.
    pub(super) fn recover(&mut self, sessions: BTreeMap<String, Vec<(TaskId, Arc<str>)>>) -> Result<Vec<Ticket>> {
        for id in self.file.ids() {
            if !sessions.contains_key(&id) {
                self.end_left_behind(&id);
            }
        }
        let mut found = Vec::new();
        for (id, tasks) in sessions {
            let key = self.key();
            // Before it is open: outputs may come at once.
            for (task, task_id) in &tasks {
                self.shared.book().found(task, Run { session: key, id: Arc::clone(task_id) });
            }
            match self.open_patiently(key, &id) {
                Ok(()) => {
                    self.file.add(&id)?;
                    found.extend(tasks.into_iter().map(|(task, task_id)| {
                        let handle = handle(&id, &task_id);
                        Ticket { task, handle }
                    }));
                }
                Err(error) if self.shared.is_closing() => return Err(error),
                // It is there for somebody else than we say that we are: to run its tasks once more helps nobody.
                Err(error) if error.kind() == ErrorKind::Denied => return Err(error),
                Err(error) => {
                    warn!(
                        session = id,
                        error = %Chain(&error),
                        "a session of an earlier process cannot be opened; its tasks run again"
                    );
                    self.shared.book().lose(key);
                    self.strike(&id, &error);
                }
            }
        }
        Ok(found)
    }

    /// Opens a session of an earlier process, however long it takes until somebody answers, or nobody needs it any more.
    fn open_patiently(&mut self, key: SessionKey, id: &str) -> Result<()> {
        let mut backoff = Backoff::new(AGAIN, fastrand::u64(..));
        loop {
            match self.open_session(key, id) {
                Err(error) if error.kind() == ErrorKind::Transient => {
                    let wait = backoff.failed();
                    if backoff.failures() == 1 {
                        warn!(session = id, error = %Chain(&error), "Symphony does not answer: will try again");
                    }
                    self.wait(wait)?;
                }
                answer => return answer,
            }
        }
    }

    fn end_left_behind(&mut self, id: &str) {
        let key = self.key();
        let opened = self.open_session(key, id);
        let ended = opened.and_then(|()| self.sessions.remove(&key).map_or(Ok(()), |open| open.session.close(true)));
        match ended {
            Ok(()) => self.file.remove(id),
            Err(error) => {
                warn!(session = id, error = %Chain(&error), "a session of an earlier process may stay");
                self.strike(id, &error);
            }
        }
    }
}

/// Whether a session that could not be opened for this reason never can be.
const fn is_for_good(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Invalid)
}
