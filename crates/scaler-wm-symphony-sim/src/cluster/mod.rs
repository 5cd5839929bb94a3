//! Sessions, tasks and service instances of real processes.

mod keeper;
mod service;
mod sessions;
mod state;
mod store;
mod tasks;
mod worker;

use std::{
    borrow::Cow,
    ffi::OsString,
    io::{PipeReader, PipeWriter},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use crate::{
    attachment::{Attachment, Listener},
    failure::{Failure, Result},
    faults::Faults,
    pool::{Pool, Source},
    settings::Settings,
    world::{Facts, Opened, Tag, World},
};
use state::State;
use store::Store;

/// How many outputs a callback thread takes at once: a slow callback holds up no other output.
const BATCH: usize = 1;

/// The cluster of this process.
pub(crate) struct Cluster(Arc<Inner>);

struct Inner {
    python: OsString,
    /// How many tasks of one application run at once.
    limit: usize,
    faults: Arc<Faults>,
    store: Store,
    pool: Arc<Pool>,
    state: Mutex<State>,
    /// Some worker has parted from its task.
    parted: Condvar,
    /// Closed to stop those that wait for an instance.
    stop: Mutex<Option<PipeWriter>>,
    stopped: PipeReader,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Cluster {
    /// Takes the folder and goes on with what is in it.
    pub(crate) fn start(folder: &Path, settings: &Settings, faults: Arc<Faults>) -> Result<Self> {
        let store = Store::take(folder, settings.wait)?;
        let (stopped, stop) = std::io::pipe().map_err(|error| Failure::io("make a pipe", error))?;
        let state = keeper::load(&store).map_err(|error| Failure::io("read what the folder has", error))?;
        let inner = Arc::new(Inner {
            python: settings.python.clone(),
            limit: settings.instances,
            pool: Arc::new(Pool::new(faults.clone(), BATCH)),
            faults,
            store,
            state: Mutex::new(state),
            parted: Condvar::new(),
            stop: Mutex::new(Some(stop)),
            stopped,
            threads: Mutex::default(),
        });
        inner.pool.start(&inner, settings.callbacks);
        inner.spawn(keeper::keep);
        let names: Vec<String> = inner.state().applications.keys().cloned().collect();
        names.iter().for_each(|name| inner.staff(name));
        Ok(Self(inner))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(self: &Arc<Self>, work: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let own = self.clone();
        let thread = std::thread::spawn(move || work(&own));
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    fn stop(&self) {
        self.end_unrecoverable();
        {
            let mut state = self.state();
            state.stopping = true;
            state.applications.values().for_each(|application| application.work.notify_all());
        }
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.pool.stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has told so itself.
            let _ = thread.join();
        }
        self.store.release();
        service::reap();
    }
}

impl Source for Inner {
    fn answer(&self, session: u64, task: u64) -> Option<Cow<'_, [u8]>> {
        self.store.answer((session, task)).map(Cow::Owned)
    }

    fn abort(&self, session: u64, attachment: &Arc<Attachment>, gone: bool) {
        self.lose(session, attachment, gone);
    }
}

impl World for Cluster {
    fn create(&self, facts: Facts, listener: Box<dyn Listener>) -> Result<Opened> {
        self.0.create(facts, listener)
    }

    fn open(&self, application: &str, session: u64, codec: u32, listener: Box<dyn Listener>) -> Result<Opened> {
        self.0.open(application, session, codec, listener)
    }

    fn close(&self, opened: &Opened, destroy: bool) -> Result<()> {
        self.0.close(opened, destroy)
    }

    fn submit(&self, opened: &Opened, tag: Option<Tag>, payload: &[u8]) -> Result<u64> {
        self.0.submit(opened, tag, payload)
    }

    fn cancel(&self, opened: &Opened, task: u64) -> Result<()> {
        self.0.cancel(opened, task)
    }

    fn stop(&self) {
        self.0.stop();
    }
}
