//! A wish that nobody changes.

use std::{collections::VecDeque, future::pending};

use async_trait::async_trait;

use crate::{LinkEvent, SchedulerLink, Wish, WorkerId};

/// A link without a scheduler behind it: it wants so much task concurrency once, and never anything else (fixed mode).
///
/// Workers find their scheduler by themselves, and a worker that dies is noticed there by its silence.
#[derive(Debug)]
pub struct FixedLink {
    events: VecDeque<LinkEvent>,
}

impl FixedLink {
    /// A link that wants `task_concurrency`.
    #[must_use]
    pub fn new(task_concurrency: u32) -> Self {
        Self { events: VecDeque::from([LinkEvent::Up, LinkEvent::Wish(Wish::Once(task_concurrency))]) }
    }
}

#[async_trait]
impl SchedulerLink for FixedLink {
    async fn next(&mut self) -> LinkEvent {
        match self.events.pop_front() {
            Some(event) => event,
            None => pending().await,
        }
    }

    fn worker_gone(&self, _: WorkerId) {}
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_wants_once_and_then_says_nothing() {
        let mut link = FixedLink::new(3);
        assert!(matches!(link.next().await, LinkEvent::Up));
        assert!(matches!(link.next().await, LinkEvent::Wish(Wish::Once(3))));
        tokio::time::timeout(Duration::from_secs(3600), link.next()).await.unwrap_err();
    }
}
