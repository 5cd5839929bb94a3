//! What the thread owns: the connection and its sessions.

mod reopen;

use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use scaler_wm_agent::payload::Envelope;
use scaler_wm_core::{Backoff, BackoffSettings, Chain, Error, ErrorKind, Result, TaskId, Ticket};
use tracing::{info, warn};

use crate::{
    book::{Run, SessionKey},
    executor::{Shared, closed, handle, outcome_of},
    ffi::{Connection, Events, Library, Session, SessionOptions, Slip},
    record::SessionFile,
    worker::{Command, Order},
};

/// How the wait grows between two tries to connect.
const AGAIN: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(200), longest: Duration::from_secs(15) };
/// How often a wait looks whether anybody needs what it is for.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A buffer for payloads that is larger than this is not kept for the next one, in bytes.
const LARGEST_BUFFER: usize = 1 << 20;

/// A session, and its name.
struct Open {
    session: Session,
    id: String,
    /// Tells this opening from earlier ones of the same session.
    opening: u64,
}

/// What the thread has.
pub(crate) struct Desk {
    shared: Arc<Shared>,
    library: Arc<Library>,
    connection: Option<Arc<Connection>>,
    sessions: HashMap<SessionKey, Open>,
    /// The one to which tasks go. It was made here and never opened again: so it is what the options say, and none of its
    /// history comes again while a submit waits.
    current: Option<SessionKey>,
    next_key: SessionKey,
    openings: u64,
    file: SessionFile,
    /// Sessions tell their loss through this.
    news: mpsc::Sender<Command>,
    /// Whether it was said that single tasks cannot be ended.
    has_said_so: bool,
    /// The payload of the task that goes out, and what goes with it.
    payload: Vec<u8>,
    slip: Slip,
}

impl Desk {
    pub(crate) fn open(shared: Arc<Shared>, news: mpsc::Sender<Command>) -> Result<Self> {
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
            payload: Vec::new(),
            slip: Slip::new(),
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
                    desk.wait(wait)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits before another try.
    ///
    /// # Errors
    /// When nobody needs it any more.
    fn wait(&self, wait: Duration) -> Result<()> {
        let until = Instant::now() + wait;
        while !self.shared.is_closing() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(LOOK_EVERY));
        }
        Err(closed())
    }

    pub(crate) fn run(mut self, commands: &mpsc::Receiver<Command>) {
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
    fn events(&mut self, key: SessionKey) -> (u64, Events) {
        let (shared, news) = (Arc::clone(&self.shared), self.news.clone());
        self.openings += 1;
        let opening = self.openings;
        let events: Events = Box::new(move |event| {
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
        self.end_idle();
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

    /// Sessions that were opened again for their tasks end when these have.
    fn end_idle(&mut self) {
        let mut idle: Vec<SessionKey> = self.sessions.keys().copied().collect();
        idle.retain(|key| self.current != Some(*key) && self.shared.book().is_idle(*key));
        for Open { session, id, .. } in idle.iter().filter_map(|key| self.sessions.remove(key)).collect::<Vec<_>>() {
            match session.close(true) {
                Ok(()) => self.file.remove(&id),
                // It stays on record: the next process ends it.
                Err(error) => warn!(session = id, error = %Chain(&error), "a session without tasks may stay"),
            }
        }
    }

    fn submit(&mut self, orders: Vec<Order>) -> Vec<(TaskId, Result<Ticket>)> {
        orders
            .into_iter()
            .map(|order| {
                let answer = self.submit_one(&order);
                // They do not wait for the rest: a library may take its time for each.
                self.cancel_all();
                (order.task, answer)
            })
            .collect()
    }

    fn submit_one(&mut self, Order { number, task, inputs }: &Order) -> Result<Ticket> {
        let canceled = || Error::new(ErrorKind::Conflict, "submit a task to Symphony", "it was canceled");
        // No session is made for a task that nobody wants any more.
        if self.current.is_none() && !self.shared.book().is_queued(task, *number) {
            return Err(canceled());
        }
        let ready = Envelope::new(inputs).and_then(|envelope| Ok((envelope, self.session()?)));
        let (envelope, key) = ready.inspect_err(|_| self.shared.book().drop_order(task, *number))?;
        envelope.write_tuple(&mut self.payload);
        if !self.shared.book().begin(task, *number, key) {
            return Err(canceled());
        }
        let Some(open) = self.sessions.get(&key) else {
            self.shared.end_submit(|book| book.refused(task));
            return Err(Error::new(ErrorKind::Transient, "submit a task to Symphony", "its session has gone"));
        };
        // The book is free meanwhile: outputs of others come, and maybe that of this one.
        let submitted = open.session.submit(&mut self.slip, task, &self.payload);
        if self.payload.capacity() > LARGEST_BUFFER {
            self.payload = Vec::new();
        }
        match submitted {
            Ok(id) => {
                let ticket = Ticket { task: task.clone(), handle: handle(&open.id, &id) };
                let early = self.shared.end_submit(|book| book.out(task, Run { session: key, id }));
                if let Some((task, outcome)) = early {
                    self.shared.tell(task, outcome_of(outcome));
                }
                Ok(ticket)
            }
            Err(error) => {
                self.shared.end_submit(|book| book.refused(task));
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
