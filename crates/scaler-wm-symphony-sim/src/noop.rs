//! The no-op mode: each task is answered at once from another thread, and nothing is kept.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    abi,
    attachment::{Attachment, Listener},
    failure::{Failure, Result},
    faults::Faults,
    pool::{Delivery, Pool, Source},
    settings::Settings,
    world::{Facts, Opened, Tag, World},
};

/// Success, and a pickle of `b"\0pong"`: how a payload of scaler-wm answers that its call has returned `pong`.
const ANSWER: &[u8] = b"+\x80\x03C\x05\x00pong.";
/// How many outputs a thread takes at once.
const BATCH: usize = 64;

/// A cluster without services.
pub(crate) struct Noop {
    pool: Arc<Pool>,
    last_session: AtomicU64,
    /// Tasks of all sessions are counted together: that saves a look-up.
    last_task: AtomicU64,
}

impl Noop {
    pub(crate) fn start(settings: &Settings, faults: Arc<Faults>) -> Self {
        let pool = Arc::new(Pool::new(faults, BATCH));
        pool.start(&Arc::new(Pong), settings.callbacks);
        Self { pool, last_session: AtomicU64::new(0), last_task: AtomicU64::new(0) }
    }
}

struct Pong;

impl Source for Pong {
    fn answer(&self, _session: u64, _task: u64) -> Option<Cow<'_, [u8]>> {
        Some(Cow::Borrowed(ANSWER))
    }

    fn abort(&self, _session: u64, _attachment: &Arc<Attachment>, _gone: bool) {}
}

impl World for Noop {
    fn create(&self, _facts: Facts, listener: Box<dyn Listener>) -> Result<Opened> {
        let session = self.last_session.fetch_add(1, Relaxed) + 1;
        Ok(Opened { session, attachment: Arc::new(Attachment::new(listener)) })
    }

    fn open(&self, _application: &str, session: u64, _codec: u32, _listener: Box<dyn Listener>) -> Result<Opened> {
        Err(Failure::new(abi::UNKNOWN, format!("session {session} is not known: the no-op mode keeps none")))
    }

    fn close(&self, _opened: &Opened, _destroy: bool) -> Result<()> {
        Ok(())
    }

    fn submit(&self, opened: &Opened, tag: Option<Tag>, _payload: &[u8]) -> Result<u64> {
        if !opened.attachment.is_open() {
            return Err(Failure::lost());
        }
        let task = self.last_task.fetch_add(1, Relaxed) + 1;
        self.pool.push(Delivery { attachment: opened.attachment.clone(), session: opened.session, task, tag });
        Ok(task)
    }

    fn cancel(&self, _opened: &Opened, _task: u64) -> Result<()> {
        Err(Failure::new(abi::UNSUPPORTED, "the no-op mode cancels nothing"))
    }

    fn stop(&self) {
        self.pool.stop();
    }
}
