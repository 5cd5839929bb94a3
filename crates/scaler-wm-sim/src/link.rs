//! The simulated scheduler, as one manager hears it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_trait::async_trait;
use scaler_wm_core::{Clock, LinkEvent, SchedulerLink, Timestamp, Wish, WorkerId};

use tokio::{sync::Notify, time::Instant};

use crate::provider::{Shared, look};

/// Heartbeats that something asked for are this far apart, and stay so for some time after it.
const CLOSE: Duration = Duration::from_millis(250);
const CLOSE_FOR: Duration = Duration::from_secs(5);
/// What is busy is told this far apart.
const LOAD_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct SimLink {
    manager: usize,
    world: Shared,
    clock: Clock,
    interval: Duration,
    pending: VecDeque<LinkEvent>,
    /// When it looked last; all looks are whole steps apart.
    looked: Instant,
    stirred: Arc<Notify>,
    last_beat: Option<Timestamp>,
    close_until: Timestamp,
    last_load: Option<Timestamp>,
    is_load_due: bool,
    last: Option<Wish>,
}

impl SimLink {
    pub(crate) fn new(manager: usize, world: &Shared, clock: Clock) -> Self {
        let state = &look(world, &clock).managers[manager];
        let (interval, stirred) = (state.config.heartbeat_interval_seconds, Arc::clone(&state.stirred));
        Self {
            manager,
            world: Arc::clone(world),
            clock,
            interval: Duration::from_secs_f64(interval),
            pending: VecDeque::from([LinkEvent::Up]),
            looked: Instant::now(),
            stirred,
            last_beat: None,
            close_until: Timestamp::default(),
            last_load: None,
            is_load_due: false,
            last: None,
        }
    }

    /// When to look again: at the next step while much goes on, else when something can have happened.
    fn next_look(&self) -> Instant {
        let step = CLOSE.min(self.interval);
        let next = self.looked + step;
        let world = look(&self.world, &self.clock);
        let is_stirred = world.managers[self.manager].is_stirred || self.clock.now() <= self.close_until;
        if is_stirred || self.is_load_due || world.wants_load(self.manager) {
            return next;
        }
        let beat = self.last_beat.unwrap_or_default() + self.interval;
        let at = self.clock.instant(world.next_event().map_or(beat, |event| event.min(beat)));
        let steps = at.saturating_duration_since(next).as_nanos().div_ceil(step.as_nanos());
        next + step * u32::try_from(steps).unwrap_or(u32::MAX)
    }

    /// Heartbeat and load, as far as they are due.
    fn beat(&mut self) {
        let now = self.clock.now();
        self.looked = Instant::now();
        let mut world = look(&self.world, &self.clock);
        let is_stirred = std::mem::take(&mut world.managers[self.manager].is_stirred);
        if is_stirred {
            self.close_until = now + CLOSE_FOR;
        }
        let since_last = self.last_beat.map(|last| now.since(last));
        let is_close = now <= self.close_until;
        if since_last.is_none_or(|since| is_close || since >= self.interval) {
            self.last_beat = Some(now);
            if let Some(wish) = world.decide(self.manager)
                && self.last.as_ref() != Some(&wish)
            {
                self.last = Some(wish.clone());
                self.pending.push_back(LinkEvent::Wish(wish));
            }
        }
        let is_due = self.last_load.is_none_or(|last| now.since(last) >= LOAD_EVERY);
        // Nobody asks what is busy where nobody may be let go.
        self.is_load_due |= is_stirred;
        if is_due && (self.is_load_due || world.wants_load(self.manager)) {
            self.last_load = Some(now);
            self.is_load_due = false;
            self.pending.push_front(LinkEvent::Load(world.load(self.manager)));
        }
    }
}

#[async_trait]
impl SchedulerLink for SimLink {
    async fn next(&mut self) -> LinkEvent {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return event;
            }
            // A time, not a wait from here: whoever asks again and again would never hear anything.
            let at = self.next_look();
            tokio::select! {
                biased;
                // Cancel safe: a timer.
                () = tokio::time::sleep_until(at) => self.beat(),
                // Cancel safe: what has happened is on record in the world.
                () = self.stirred.notified() => {}
            }
        }
    }

    fn worker_gone(&self, _: WorkerId) {}
}
