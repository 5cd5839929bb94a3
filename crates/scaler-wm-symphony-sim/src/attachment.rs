//! Between a session and whoever opened it: callbacks, and the gate that keeps them from coming after the close.

use std::{
    cell::Cell,
    collections::BTreeSet,
    ffi::CStr,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use crate::failure::Failure;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a callback, from where the table must not be called.
pub(crate) fn is_in_callback() -> bool {
    INSIDE.get()
}

/// What hears of a session.
pub(crate) trait Listener: Send + Sync {
    fn output(&self, task: &CStr, tag: Option<&CStr>, answer: Result<&[u8], &Failure>);
    fn lost(&self, failure: &Failure);
}

/// One opening of a session.
pub(crate) struct Attachment {
    listener: Box<dyn Listener>,
    gate: Mutex<Gate>,
    /// The last callback has left.
    left: Condvar,
    /// How many calls wait for an output of theirs.
    watchers: AtomicUsize,
    /// The outputs that were told since somebody waits.
    told: Mutex<BTreeSet<u64>>,
    telling: Condvar,
}

#[derive(Default)]
struct Gate {
    closed: bool,
    lost: bool,
    inside: usize,
}

/// How long a submit waits for the output that is to come before it returns.
const EARLY: Duration = Duration::from_secs(5);

impl Attachment {
    pub(crate) fn new(listener: Box<dyn Listener>) -> Self {
        Self {
            listener,
            gate: Mutex::default(),
            left: Condvar::new(),
            watchers: AtomicUsize::new(0),
            told: Mutex::default(),
            telling: Condvar::new(),
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_open(&self) -> bool {
        let gate = self.gate();
        !gate.closed && !gate.lost
    }

    /// Tells an output, unless it is too late for that.
    pub(crate) fn output(&self, task: &CStr, tag: Option<&CStr>, answer: Result<&[u8], &Failure>) {
        {
            let mut gate = self.gate();
            if gate.closed || gate.lost {
                return;
            }
            gate.inside += 1;
        }
        self.inside(|| self.listener.output(task, tag, answer));
    }

    /// Tells that the session is of no use any more, once.
    pub(crate) fn lose(&self, failure: &Failure) {
        {
            let mut gate = self.gate();
            if gate.closed || gate.lost {
                return;
            }
            gate.lost = true;
            gate.inside += 1;
        }
        self.inside(|| self.listener.lost(failure));
    }

    /// Runs a callback that the gate has counted. No lock is held.
    fn inside(&self, callback: impl FnOnce()) {
        INSIDE.set(true);
        callback();
        INSIDE.set(false);
        let mut gate = self.gate();
        gate.inside -= 1;
        if gate.inside == 0 && gate.closed {
            self.left.notify_all();
        }
    }

    /// From here on no callback begins, and none runs when this has returned.
    pub(crate) fn close(&self) {
        let mut gate = self.gate();
        gate.closed = true;
        while gate.inside > 0 {
            gate = self.left.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        drop(gate);
        self.telling.notify_all();
    }

    /// All that is to be told of this output was.
    pub(crate) fn was_told(&self, task: u64) {
        if self.watchers.load(SeqCst) > 0 {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(task);
            self.telling.notify_all();
        }
    }

    /// Submits a task and waits for its output, for a while.
    pub(crate) fn early<E>(&self, submit: impl FnOnce() -> Result<u64, E>) -> Result<u64, E> {
        self.watchers.fetch_add(1, SeqCst);
        let task = submit();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let end = Instant::now() + EARLY;
        if let Ok(task) = &task {
            while !told.remove(task) && self.is_open() {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                // In slices: a session may also be lost.
                let slice = left.min(Duration::from_millis(20));
                told = self.telling.wait_timeout(told, slice).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        if self.watchers.fetch_sub(1, SeqCst) == 1 {
            told.clear();
        }
        task
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        thread,
    };

    use super::*;

    struct Slow(mpsc::Sender<&'static str>);

    impl Listener for Slow {
        fn output(&self, _: &CStr, _: Option<&CStr>, _: Result<&[u8], &Failure>) {
            self.0.send("begun").unwrap();
            thread::sleep(Duration::from_millis(50));
            self.0.send("ended").unwrap();
        }

        fn lost(&self, _: &Failure) {
            self.0.send("lost").unwrap();
        }
    }

    #[test]
    fn close_waits_for_those_inside_and_lets_nobody_in() {
        let (told, heard) = mpsc::channel();
        let attachment = Arc::new(Attachment::new(Box::new(Slow(told))));
        let other = attachment.clone();
        let thread = thread::spawn(move || other.output(c"1", None, Ok(b"")));
        assert_eq!(heard.recv().unwrap(), "begun");
        attachment.close();
        assert_eq!(heard.try_recv().unwrap(), "ended");
        attachment.output(c"2", None, Ok(b""));
        attachment.lose(&Failure::lost());
        assert!(heard.try_recv().is_err());
        thread.join().unwrap();
    }

    #[test]
    fn after_the_loss_no_output_comes_and_no_second_loss() {
        let (told, heard) = mpsc::channel();
        let attachment = Attachment::new(Box::new(Slow(told)));
        attachment.lose(&Failure::lost());
        attachment.lose(&Failure::lost());
        attachment.output(c"1", None, Ok(b""));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["lost"]);
    }
}
