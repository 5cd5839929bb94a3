//! A link whose wishes come from a policy engine here, and everything else from a scheduler.

use std::{collections::VecDeque, sync::Arc};

use async_trait::async_trait;
use tokio::sync::watch;
use tracing::info;

use crate::{LinkEvent, LinkFacts, ManagerId, SchedulerLink, Wish, WorkerId};

/// What an engine wants of one manager: `None` while it does not know.
pub type Wishes = watch::Receiver<Option<Wanted>>;

/// What is wanted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub wish: Wish,
    /// Why, in words.
    pub why: Arc<str>,
}

/// Puts the wishes of a policy engine in the place of the scheduler's own.
///
/// Heartbeats, load, and reports of dead workers go on as they are. What the scheduler wants is ignored, which is said
/// once. When the engine does not know any more, it is as if the scheduler did not answer: units stay, none starts.
pub struct PolicyLink {
    manager: ManagerId,
    inner: Box<dyn SchedulerLink>,
    wishes: Wishes,
    /// To be told before anything else.
    pending: VecDeque<LinkEvent>,
    is_scheduler_up: bool,
    is_up: bool,
    is_said: bool,
    is_engine_gone: bool,
}

impl PolicyLink {
    /// A link for `manager` that follows `wishes`, and `inner` in everything else.
    #[must_use]
    pub fn new(manager: ManagerId, inner: Box<dyn SchedulerLink>, wishes: Wishes) -> Self {
        let pending = VecDeque::new();
        Self {
            manager,
            inner,
            wishes,
            pending,
            is_scheduler_up: false,
            is_up: false,
            is_said: false,
            is_engine_gone: false,
        }
    }

    /// Tells what is wanted, or that it is not known.
    fn tell(&mut self) {
        // What one that is gone wanted last may no longer be.
        let wish = self.wishes.borrow_and_update().clone().filter(|_| !self.is_engine_gone);
        match wish {
            _ if !self.is_scheduler_up => {}
            Some(Wanted { wish, .. }) => {
                if !std::mem::replace(&mut self.is_up, true) {
                    self.pending.push_back(LinkEvent::Up);
                }
                self.pending.push_back(LinkEvent::Wish(wish));
            }
            None if std::mem::take(&mut self.is_up) => {
                let reason = match self.is_engine_gone {
                    true => "the policy engine has ended; start this manager anew",
                    false => "the policy does not know any more what to want: the scheduler's monitor is away",
                };
                self.pending.push_back(LinkEvent::Down(reason.to_owned()));
            }
            None => {}
        }
    }
}

#[async_trait]
impl SchedulerLink for PolicyLink {
    async fn next(&mut self) -> LinkEvent {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return event;
            }
            let event = tokio::select! {
                // Cancel safe by contract.
                event = self.inner.next() => event,
                // Cancel safe: what has changed is kept before anything else is awaited.
                changed = self.wishes.changed(), if !self.is_engine_gone => {
                    self.is_engine_gone = changed.is_err();
                    self.tell();
                    continue;
                }
            };
            match event {
                LinkEvent::Wish(_) if std::mem::replace(&mut self.is_said, true) => {}
                LinkEvent::Wish(_) => {
                    info!(manager = %self.manager, "what the scheduler wants is ignored: the policy is followed here");
                }
                LinkEvent::Up => {
                    self.is_scheduler_up = true;
                    // A manager forgets with its scheduler what was wanted.
                    self.is_up = false;
                    self.tell();
                }
                LinkEvent::Down(reason) => {
                    self.is_scheduler_up = false;
                    self.is_up = false;
                    self.pending.clear();
                    return LinkEvent::Down(reason);
                }
                event => return event,
            }
        }
    }

    fn worker_gone(&self, worker: WorkerId) {
        self.inner.worker_gone(worker);
    }

    fn nudge(&self) {
        self.inner.nudge();
    }

    fn facts(&self) -> LinkFacts {
        let why = self.wishes.borrow().as_ref().map(|wanted| Arc::clone(&wanted.why));
        LinkFacts { why, ..self.inner.facts() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Capabilities, FixedLink, Request};

    #[tokio::test(start_paused = true)]
    async fn an_engines_wish_stands_in_for_the_schedulers() {
        // It says that it is up, and wants 9 once.
        let inner = Box::new(FixedLink::new(9));
        let (engine, wishes) = watch::channel(None);
        let mut link = PolicyLink::new(ManagerId::from("m"), inner, wishes);
        assert!(is_quiet(&mut link).await, "nobody has said what is wanted");

        let wish =
            |task_concurrency| Wish::Follow(vec![Request { task_concurrency, capabilities: Capabilities::default() }]);
        let wanted = |concurrency| Wanted { wish: wish(concurrency), why: Arc::from("because") };
        engine.send_replace(Some(wanted(2)));
        engine.send_replace(Some(wanted(3)));
        assert!(matches!(link.next().await, LinkEvent::Up));
        let LinkEvent::Wish(said) = link.next().await else { panic!("no wish") };
        assert_eq!(said, wish(3));
        assert_eq!(link.facts().why.as_deref(), Some("because"));
        assert!(is_quiet(&mut link).await);
        engine.send_replace(None);
        assert!(matches!(link.next().await, LinkEvent::Down(_)));
        engine.send_replace(Some(wanted(1)));
        assert!(matches!(link.next().await, LinkEvent::Up));
        assert!(matches!(link.next().await, LinkEvent::Wish(_)));
        drop(engine);
        assert!(matches!(link.next().await, LinkEvent::Down(reason) if reason.contains("engine has ended")));
        assert!(is_quiet(&mut link).await);
    }

    async fn is_quiet(link: &mut PolicyLink) -> bool {
        tokio::time::timeout(Duration::from_secs(3600), link.next()).await.is_err()
    }
}
