//! What waits for the manager: bounded, the newest of each kind.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use scaler_wm_core::{LinkEvent, Load, Wish};
use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Waiting {
    transitions: VecDeque<LinkEvent>,
    wish: Option<Wish>,
    load: Option<Load>,
    closed: Option<String>,
}

/// Holds at most one event of each kind (and a `Down` with the `Up` after it), so a slow reader gets what is true now.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn up(&self) {
        self.lock().transitions.push_back(LinkEvent::Up);
        self.filled.notify_one();
    }

    pub(super) fn down(&self, reason: String) {
        let mut waiting = self.lock();
        // What was wanted before is void, and so is an `Up` that nobody has read.
        waiting.transitions.clear();
        waiting.wish = None;
        waiting.transitions.push_back(LinkEvent::Down(reason));
        drop(waiting);
        self.filled.notify_one();
    }

    pub(super) fn wish(&self, wish: Wish) {
        self.lock().wish = Some(wish);
        self.filled.notify_one();
    }

    pub(super) fn load(&self, load: Load) {
        self.lock().load = Some(load);
        self.filled.notify_one();
    }

    pub(super) fn close(&self, reason: String) {
        self.lock().closed = Some(reason);
        self.filled.notify_one();
    }

    fn take(&self) -> Option<LinkEvent> {
        let mut waiting = self.lock();
        if let Some(transition) = waiting.transitions.pop_front() {
            return Some(transition);
        }
        // Before the wish: who starts or stops something because of it should know what is busy.
        if let Some(load) = waiting.load.take() {
            return Some(LinkEvent::Load(load));
        }
        if let Some(wish) = waiting.wish.take() {
            return Some(LinkEvent::Wish(wish));
        }
        waiting.closed.clone().map(LinkEvent::Closed)
    }

    /// The next event. Cancel safe: an event is taken only when it is returned.
    pub(super) async fn next(&self) -> LinkEvent {
        loop {
            if let Some(event) = self.take() {
                return event;
            }
            self.filled.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::Wish;

    use super::*;

    #[tokio::test]
    async fn a_slow_reader_gets_the_newest_of_each_kind() {
        let mailbox = Mailbox::default();
        mailbox.up();
        mailbox.wish(Wish::Once(1));
        mailbox.down("first".to_owned());
        mailbox.down("second".to_owned());
        mailbox.up();
        mailbox.wish(Wish::Once(2));
        mailbox.wish(Wish::Once(3));
        mailbox.close("over".to_owned());
        assert!(matches!(mailbox.next().await, LinkEvent::Down(reason) if reason == "second"));
        assert!(matches!(mailbox.next().await, LinkEvent::Up));
        assert!(matches!(mailbox.next().await, LinkEvent::Wish(Wish::Once(3))));
        for _ in 0..2 {
            assert!(matches!(mailbox.next().await, LinkEvent::Closed(reason) if reason == "over"));
        }
    }
}
