//! The thread that owns connection and sessions: calls of the library block.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use bytes::Bytes;
use scaler_wm_core::{Backoff, BackoffSettings, Chain, Error, ErrorKind, Result, TaskId, TaskOutcome, Ticket};
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::{
    book::{Run, SessionKey},
    executor::{Reply, Shared, handle},
    ffi::{Connection, Library, Session, SessionOptions},
    record::SessionFile,
};

/// How the wait grows between two tries to connect.
const AGAIN: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(200), longest: Duration::from_secs(15) };
/// Tries to open a session again, about a minute of them, until it is given up with its tasks.
const OPENED_AGAIN: u32 = 15;
/// How the wait grows between them.
const OPENED_AFTER: BackoffSettings =
    BackoffSettings { free: 1, first: Duration::from_millis(200), longest: Duration::from_secs(6) };

/// A task to submit.
#[derive(Debug)]
pub(crate) struct Order {
    /// Which order of the task it is.
    pub(crate) number: u64,
    pub(crate) task: TaskId,
    pub(crate) payload: Vec<u8>,
}

/// What the thread is told.
pub(crate) enum Command {
    Submit(Vec<Order>, Reply<Vec<(TaskId, Result<Ticket>)>>),
    /// Somebody has put tasks to cancel before us.
    Cancel,
    Handle(Run, Reply<Bytes>),
    Recover(BTreeMap<String, Vec<(TaskId, Arc<str>)>>, Reply<Result<Vec<Ticket>>>),
    /// This opening of a session is of no use any more, so says the library.
    Lost(SessionKey, u64, Error),
    /// The end: with all tasks, or leaving them.
    Close(bool, Reply<Result<()>>),
}

/// The way to the thread. It ends when this is dropped, and leaves what is there.
pub(crate) struct Worker {
    commands: mpsc::Sender<Command>,
}

impl Worker {
    /// A thread that is connected.
    pub(crate) async fn start(shared: Arc<Shared>) -> Result<Self> {
        let (commands, orders) = mpsc::channel();
        let (ready, is_ready) = oneshot::channel();
        let news = commands.clone();
        let begin = move || match Desk::open(shared, news) {
            Ok(desk) => {
                // Fails only when nobody waits any more.
                if ready.send(Ok(())).is_ok() {
                    desk.run(&orders);
                }
            }
            Err(error) => drop(ready.send(Err(error))),
        };
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Failed, "reach Symphony", "no thread can be started").with_source(error)
        };
        thread::Builder::new().name("symphony".to_owned()).spawn(begin).map_err(failed)?;
        match is_ready.await {
            Ok(ready) => ready.map(|()| Self { commands }),
            Err(_) => Err(Error::new(ErrorKind::Failed, "reach Symphony", "its thread has ended")),
        }
    }

    /// Asks the thread; `None` when it has ended.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).ok()?;
        answered.await.ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let (answer, _) = oneshot::channel();
        // Fails when it has ended already.
        drop(self.commands.send(Command::Close(false, answer)));
    }
}

/// A session, and its name.
struct Open {
    session: Session,
    id: String,
    /// Tells this opening from earlier ones of the same session.
    opening: u64,
}

/// What the thread has.
struct Desk {
    shared: Arc<Shared>,
    library: Arc<Library>,
    connection: Option<Arc<Connection>>,
    sessions: HashMap<SessionKey, Open>,
    /// The one to which tasks go.
    current: Option<SessionKey>,
    next_key: SessionKey,
    openings: u64,
    file: SessionFile,
    /// Sessions tell their loss through this.
    news: mpsc::Sender<Command>,
    /// Whether it was said that single tasks cannot be ended.
    has_said_so: bool,
}

impl Desk {
    fn open(shared: Arc<Shared>, news: mpsc::Sender<Command>) -> Result<Self> {
        let library = Library::load(&shared.config.library)?;
        let file = SessionFile::open(shared.config.sessions.clone())?;
        let mut desk = Self {
            shared,
            library,
            connection: None,
            sessions: HashMap::new(),
            current: None,
            next_key: 0,
            openings: 0,
            file,
            news,
            has_said_so: false,
        };
        let mut backoff = Backoff::new(AGAIN, fastrand::u64(..));
        loop {
            match desk.connection() {
                Ok(connection) => {
                    info!(connection = connection.id().unwrap_or_default(), "connected to Symphony");
                    return Ok(desk);
                }
                Err(error) if error.kind().is_retryable() && error.kind() != ErrorKind::NotFound => {
                    let wait = backoff.failed();
                    if backoff.failures() == 1 {
                        warn!(error = %Chain(&error), "Symphony does not answer: will try again");
                    }
                    thread::sleep(wait);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn run(mut self, commands: &mpsc::Receiver<Command>) {
        while let Ok(command) = commands.recv() {
            match command {
                Command::Submit(orders, answer) => drop(answer.send(self.submit(orders))),
                Command::Cancel => self.cancel_all(),
                Command::Handle(run, answer) => {
                    if let Some(open) = self.sessions.get(&run.session) {
                        drop(answer.send(handle(&open.id, &run.id)));
                    }
                }
                Command::Recover(sessions, answer) => drop(answer.send(self.recover(sessions))),
                Command::Lost(key, opening, error) => {
                    // What an earlier opening has told late was seen to.
                    if self.sessions.get(&key).is_some_and(|open| open.opening == opening) {
                        self.lost(key, &error);
                    }
                }
                Command::Close(destroys, answer) => {
                    drop(answer.send(self.close(destroys)));
                    return;
                }
            }
        }
    }

    /// The connection; a new one where there is none.
    fn connection(&mut self) -> Result<Arc<Connection>> {
        if let Some(connection) = &self.connection {
            return Ok(Arc::clone(connection));
        }
        let config = &self.shared.config;
        let connection = self.library.connect(&config.application, &config.user, &config.password)?;
        self.connection = Some(Arc::clone(&connection));
        Ok(connection)
    }

    fn key(&mut self) -> SessionKey {
        self.next_key += 1;
        self.next_key
    }

    /// What a session tells goes to the book, on the library's own threads.
    fn events(&mut self, key: SessionKey) -> (u64, crate::ffi::Events) {
        let (shared, news) = (Arc::clone(&self.shared), self.news.clone());
        self.openings += 1;
        let opening = self.openings;
        let events = Box::new(move |event| {
            if let Some(error) = shared.hear(key, event) {
                // Fails only at our end.
                drop(news.send(Command::Lost(key, opening, error)));
            }
        });
        (opening, events)
    }

    /// The session to which tasks go; a new one where there is none.
    fn session(&mut self) -> Result<SessionKey> {
        if let Some(key) = self.current {
            return Ok(key);
        }
        let connection = self.connection()?;
        let key = self.key();
        let (opening, events) = self.events(key);
        let config = &self.shared.config;
        let options = SessionOptions {
            name: &config.session_name,
            kind: &config.session_type,
            tag: config.session_tag.as_deref(),
            service: config.service.as_deref(),
            priority: config.priority,
            codec: config.codec.of_abi(),
        };
        let made = Session::create(&connection, &options, events);
        let session = made.inspect_err(|error| self.doubt(error))?;
        let named = session.id().and_then(|id| self.file.add(&id).map(|()| id));
        let id = match named {
            Ok(id) => id,
            // One that is on no record would stay for ever.
            Err(error) => return session.close(true).and(Err(error)),
        };
        let open = Open { session, id, opening };
        info!(session = open.id, "a session of Symphony is open");
        self.sessions.insert(key, open);
        self.current = Some(key);
        Ok(key)
    }

    /// What fails because nobody answers may do better with a new connection.
    fn doubt(&mut self, error: &Error) {
        if matches!(error.kind(), ErrorKind::Transient | ErrorKind::Failed) {
            self.connection = None;
        }
    }

    fn submit(&mut self, orders: Vec<Order>) -> Vec<(TaskId, Result<Ticket>)> {
        orders
            .into_iter()
            .map(|Order { number, task, payload }| {
                let answer = self.submit_one(&task, number, &payload);
                self.shared.moved();
                // They do not wait for the rest: a library may take its time for each.
                self.cancel_all();
                (task, answer)
            })
            .collect()
    }

    fn submit_one(&mut self, task: &TaskId, number: u64, payload: &[u8]) -> Result<Ticket> {
        let key = self.session().inspect_err(|_| self.shared.book().drop_order(task, number))?;
        if !self.shared.book().begin(task, number, key) {
            return Err(Error::new(ErrorKind::Conflict, "submit a task to Symphony", "it was canceled"));
        }
        let Some(open) = self.sessions.get(&key) else {
            self.shared.book().refused(task);
            return Err(Error::new(ErrorKind::Transient, "submit a task to Symphony", "its session has gone"));
        };
        // The book is free meanwhile: outputs of others come, and maybe that of this one.
        match open.session.submit(&task.to_string(), payload) {
            Ok(id) => {
                let ticket = Ticket { task: task.clone(), handle: handle(&open.id, &id) };
                let early = self.shared.book().out(task, Run { session: key, id: Arc::from(id) });
                if let Some((task, outcome)) = early {
                    self.shared.tell(task, crate::executor::outcome_of(outcome));
                }
                Ok(ticket)
            }
            Err(error) => {
                self.shared.book().refused(task);
                if error.kind() == ErrorKind::Transient {
                    self.lost(key, &error);
                }
                Err(error)
            }
        }
    }

    fn cancel_all(&mut self) {
        for (tasks, answer) in self.shared.take_cancels() {
            self.cancel(tasks);
            // Whoever asked may have gone.
            let _ = answer.send(());
        }
    }

    fn cancel(&mut self, tasks: Vec<(TaskId, Run)>) {
        for (task, run) in tasks {
            let Some(open) = self.sessions.get(&run.session) else { continue };
            match open.session.cancel(&run.id) {
                Ok(true) => self.shared.book().gone(&task, &run),
                Ok(false) => {
                    if !std::mem::replace(&mut self.has_said_so, true) {
                        info!(
                            "this library cannot end single tasks: a canceled one runs to its end, and nobody hears of it"
                        );
                    }
                }
                Err(error) => warn!(%task, error = %Chain(&error), "a canceled task may run to its end"),
            }
        }
    }

    /// A session is of no use any more: it is opened again where that can be, with its tasks, else they are lost.
    fn lost(&mut self, key: SessionKey, error: &Error) {
        // One that tells it twice has been seen to.
        let Some(Open { session, id, .. }) = self.sessions.remove(&key) else { return };
        warn!(session = id, error = %Chain(error), "a session of Symphony is lost");
        if self.current == Some(key) {
            self.current = None;
        }
        // No callback of it comes any more; what it has told so far is in the book.
        drop(session.close(false));
        let is_recoverable = self.shared.config.session_type.starts_with("Recoverable");
        // What cannot be opened now stays on record: the next process ends it.
        if is_recoverable && self.open_again(key, &id) {
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
                    self.current.get_or_insert(key);
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
                    thread::sleep(wait);
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

    fn open_session(&mut self, key: SessionKey, id: &str) -> Result<()> {
        let connection = self.connection()?;
        let codec = self.shared.config.codec.of_abi();
        let (opening, events) = self.events(key);
        let session = Session::open(&connection, id, codec, events).inspect_err(|error| self.doubt(error))?;
        self.sessions.insert(key, Open { session, id: id.to_owned(), opening });
        Ok(())
    }

    /// Opens the sessions of an earlier process that have tasks on record, and ends the others that it has left.
    fn recover(&mut self, sessions: BTreeMap<String, Vec<(TaskId, Arc<str>)>>) -> Result<Vec<Ticket>> {
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
                    self.current.get_or_insert(key);
                    self.file.add(&id)?;
                    found.extend(tasks.into_iter().map(|(task, task_id)| {
                        let handle = handle(&id, &task_id);
                        Ticket { task, handle }
                    }));
                }
                Err(error) => {
                    warn!(session = id, error = %Chain(&error), "a session of an earlier process is not there any more");
                    self.shared.book().lose(key);
                    self.strike(&id, &error);
                }
            }
        }
        Ok(found)
    }

    /// Opens a session of an earlier process, however long it takes until somebody answers.
    fn open_patiently(&mut self, key: SessionKey, id: &str) -> Result<()> {
        let mut backoff = Backoff::new(AGAIN, fastrand::u64(..));
        loop {
            match self.open_session(key, id) {
                Err(error) if error.kind() == ErrorKind::Transient => {
                    let wait = backoff.failed();
                    if backoff.failures() == 1 {
                        warn!(session = id, error = %Chain(&error), "Symphony does not answer: will try again");
                    }
                    thread::sleep(wait);
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

    fn close(&mut self, destroys: bool) -> Result<()> {
        let mut failed = None;
        for (_, Open { session, id, .. }) in self.sessions.drain() {
            match session.close(destroys) {
                Ok(()) if destroys => self.file.remove(&id),
                Ok(()) => {}
                Err(error) => failed = Some(error.with_advice(&format!("session {id} may still be there"))),
            }
        }
        self.connection = None;
        failed.map_or(Ok(()), Err)
    }
}

/// Whether a session that could not be opened for this reason never can be.
const fn is_for_good(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Invalid)
}
