//! The threads that callbacks come from.

use std::{
    borrow::Cow,
    collections::VecDeque,
    ffi::CStr,
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use crate::{
    abi,
    attachment::Attachment,
    failure::Failure,
    faults::{Fault, Faults},
    world::Tag,
};

/// How often a thread that takes many outputs at once looks again before it sleeps.
const YIELDS: u32 = 50;

/// An output on its way to a callback.
pub(crate) struct Delivery {
    pub(crate) attachment: Arc<Attachment>,
    pub(crate) session: u64,
    pub(crate) task: u64,
    pub(crate) tag: Option<Tag>,
}

/// Where the answers are.
pub(crate) trait Source: Send + Sync {
    /// The answer as a service writes it: `+` and bytes or `-` and text. Nothing if the task is not there any more.
    fn answer(&self, session: u64, task: u64) -> Option<Cow<'_, [u8]>>;
    /// The session is to be lost to whoever has it open; it is gone altogether if `gone` is set.
    fn abort(&self, session: u64, attachment: &Arc<Attachment>, gone: bool);
}

/// The queue and its threads.
pub(crate) struct Pool {
    queue: Mutex<Queue>,
    filled: Condvar,
    faults: Arc<Faults>,
    /// How many outputs a thread takes at once. More than one lets a slow callback hold up others.
    batch: usize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Delivery>,
    waiting: usize,
    stopping: bool,
}

impl Pool {
    pub(crate) fn new(faults: Arc<Faults>, batch: usize) -> Self {
        Self { queue: Mutex::default(), filled: Condvar::new(), faults, batch, threads: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn start<S: Source + 'static>(self: &Arc<Self>, source: &Arc<S>, threads: usize) {
        let mut all = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..threads {
            let (pool, source) = (self.clone(), source.clone());
            all.push(thread::spawn(move || pool.work(&*source)));
        }
    }

    pub(crate) fn push(&self, delivery: Delivery) {
        let mut queue = self.queue();
        queue.items.push_back(delivery);
        if queue.waiting > 0 {
            drop(queue);
            self.filled.notify_one();
        }
    }

    /// Ends the threads. What is still on its way is dropped: the sessions are closed.
    pub(crate) fn stop(&self) {
        self.queue().stopping = true;
        self.filled.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has told so itself.
            let _ = thread.join();
        }
    }

    fn take(&self, taken: &mut VecDeque<Delivery>) -> bool {
        let mut queue = self.queue();
        let mut yields = 0;
        loop {
            if queue.stopping {
                return false;
            }
            if !queue.items.is_empty() {
                let count = queue.items.len().min(self.batch);
                taken.extend(queue.items.drain(..count));
                return true;
            }
            // To wake a thread costs more than a whole task of the no-op mode: look again a few times before sleeping.
            if self.batch > 1 && yields < YIELDS {
                yields += 1;
                drop(queue);
                thread::yield_now();
                queue = self.queue();
                continue;
            }
            yields = 0;
            queue.waiting += 1;
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.waiting -= 1;
        }
    }

    fn work(&self, source: &dyn Source) {
        let mut taken = VecDeque::new();
        while self.take(&mut taken) {
            for delivery in taken.drain(..) {
                self.deliver(source, &delivery);
            }
        }
    }

    fn deliver(&self, source: &dyn Source, delivery: &Delivery) {
        let Delivery { attachment, session, task, tag } = delivery;
        if self.faults.is_on(Fault::SlowCallbacks) {
            self.faults.dawdle(Fault::SlowCallbacks, || attachment.is_open() && !self.queue().stopping);
        }
        if !attachment.is_open() {
            return;
        }
        if self.faults.aborts() {
            let gone = self.faults.is_on(Fault::SessionGone);
            source.abort(*session, attachment, gone);
            let words = if gone { "aborted, and is gone" } else { "aborted" };
            attachment.lose(&Failure::new(abi::LOST, format!("session {session} was {words}")));
            return;
        }
        let Some(answer) = source.answer(*session, *task) else { return };
        let mut text = [0; 24];
        let Some(name) = decimal(*task, &mut text) else { return };
        let times = if self.faults.every(Fault::OutputTwice) { 2 } else { 1 };
        for _ in 0..times {
            match answer.split_first() {
                Some((b'+', data)) => attachment.output(name, tag.as_deref(), Ok(data)),
                Some((_, text)) => {
                    let failure = Failure::new(abi::FAILED, String::from_utf8_lossy(text));
                    attachment.output(name, tag.as_deref(), Err(&failure));
                }
                None => {
                    let failure = Failure::new(abi::FAILED, "the service has left an empty answer");
                    attachment.output(name, tag.as_deref(), Err(&failure));
                }
            }
        }
        attachment.was_told(*task);
    }
}

/// A number as text that ends with a NUL, without a heap.
fn decimal(number: u64, text: &mut [u8; 24]) -> Option<&CStr> {
    write!(&mut text[..], "{number}\0").ok()?;
    CStr::from_bytes_until_nul(text).ok()
}
