//! The thread that calls the library, since its calls block, and the way to it.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    thread,
};

use bytes::Bytes;
use scaler_wm_core::{Error, ErrorKind, Inputs, Result, TaskId, Ticket};
use tokio::sync::oneshot;

use crate::{
    book::{Run, SessionKey},
    desk::Desk,
    executor::{Reply, Shared},
};

/// A task to submit.
#[derive(Debug)]
pub(crate) struct Order {
    /// Which order of the task it is.
    pub(crate) number: u64,
    pub(crate) task: TaskId,
    /// Its payload is written when it goes out: a thousand of them would lie about for long.
    pub(crate) inputs: Inputs,
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
    shared: Arc<Shared>,
}

impl Worker {
    /// A thread that is connected.
    pub(crate) async fn start(shared: Arc<Shared>) -> Result<Self> {
        let (commands, orders) = mpsc::channel();
        let (ready, is_ready) = oneshot::channel();
        let news = commands.clone();
        // From here on: whoever waits no longer drops it, and ends the thread so.
        let worker = Self { commands, shared: Arc::clone(&shared) };
        let begin = move || match Desk::open(shared, news) {
            Ok(desk) => {
                // Fails when nobody waits any more: then the first command is to close.
                drop(ready.send(Ok(())));
                desk.run(&orders);
            }
            Err(error) => drop(ready.send(Err(error))),
        };
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Failed, "reach Symphony", "no thread can be started").with_source(error)
        };
        thread::Builder::new().name("symphony".to_owned()).spawn(begin).map_err(failed)?;
        match is_ready.await {
            Ok(ready) => ready.map(|()| worker),
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
        self.shared.close();
        let (answer, _) = oneshot::channel();
        // Fails when it has ended already.
        drop(self.commands.send(Command::Close(false, answer)));
    }
}
