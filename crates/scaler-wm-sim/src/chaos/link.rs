//! The scheduler, as the manager hears it.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use scaler_wm_core::{Capabilities, LinkEvent, Load, Request, SchedulerLink, UnitId, Wish, WorkerId, WorkerLoad};

use super::{
    Rule,
    world::{Shared, World, look},
};

/// Loads that are the same are told this far apart, others as soon as this.
const SAME_LOAD_EVERY: u64 = 5_000;
const LOAD_EVERY: u64 = 1_000;
/// How long after the scheduler workers are back.
const WORKERS_BACK_AFTER: u64 = 1_500;

/// Something that has been said, and may not have been heard.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Up,
    Down,
    Wish(u32),
    Load(Load, BTreeMap<UnitId, Seen>),
}

/// How a unit looks to the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) is_busy: bool,
    pub(super) queued: u32,
    /// When it was seen so.
    pub(super) as_of: u64,
}

pub(super) struct ChaosLink(pub(super) Shared);

#[async_trait]
impl SchedulerLink for ChaosLink {
    async fn next(&mut self) -> LinkEvent {
        loop {
            let heard = {
                let mut world = look(&self.0);
                if world.life.killed.is_none()
                    && let Some(said) = world.life.said.pop_front()
                {
                    return world.hears(said);
                }
                Arc::clone(&world.life.heard)
            };
            // Cancel safe: what was said stays said.
            heard.notified().await;
        }
    }

    fn worker_gone(&self, worker: WorkerId) {
        let mut world = look(&self.0);
        let lives = world.cloud.existing(world.now).find(|machine| machine.worker() == worker);
        let lives = lives.map(|machine| machine.id.clone()).filter(|_| world.life.killed.is_none());
        if let Some(unit) = lives {
            world.violated(Rule::SurelyDead, format!("{unit} is reported dead, and lives"));
        }
    }
}

impl World {
    /// The scheduler says what there is to say.
    pub(super) fn tell(&mut self) {
        let now = self.now;
        if now < self.back_at {
            if std::mem::take(&mut self.life.is_up_said) || self.life.last_load.is_none() {
                self.life.last_load = Some((now, BTreeMap::new()));
                self.life.say(Said::Down);
                // Nobody knows what is busy then.
                self.life.say(Said::Load(Load::default(), BTreeMap::new()));
            }
            return;
        }
        if !std::mem::replace(&mut self.life.is_up_said, true) {
            self.life.live_since = now;
            (self.life.wish_said, self.life.last_load) = (None, None);
            self.life.say(Said::Up);
        }
        if self.life.wish_said.replace(self.wanted) != Some(self.wanted) {
            let wanted = self.wanted;
            self.life.say(Said::Wish(wanted));
        }
        let there = self.cloud.existing(now).filter(|machine| machine.is_joined(now));
        let there = there.filter(|_| now >= self.back_at + WORKERS_BACK_AFTER || self.back_at == 0);
        let see = |machine: &super::cloud::Machine| {
            let seen = Seen { is_busy: machine.is_busy(now), queued: machine.queued(now), as_of: now };
            (machine.id.clone(), seen)
        };
        let seen: BTreeMap<UnitId, Seen> = there.map(see).collect();
        let is_due = self.life.last_load.as_ref().is_none_or(|(at, before)| {
            let is_same = before.len() == seen.len()
                && before.iter().zip(&seen).all(|((unit, old), (other, new))| {
                    unit == other && (old.is_busy, old.queued) == (new.is_busy, new.queued)
                });
            now >= at + if is_same { SAME_LOAD_EVERY } else { LOAD_EVERY }
        });
        if is_due {
            let load = self.load_of(&seen);
            self.life.last_load = Some((now, seen.clone()));
            self.life.say(Said::Load(load, seen));
        }
    }

    fn load_of(&self, seen: &BTreeMap<UnitId, Seen>) -> Load {
        let load = |(unit, seen): (&UnitId, &Seen)| {
            let machine = self.cloud.machines.get(unit)?;
            let load = WorkerLoad {
                running: u32::from(seen.is_busy),
                queued: seen.queued,
                running_since: seen.is_busy.then(|| self.life.stamp(machine.busy_since)),
                as_of: self.life.stamp(seen.as_of),
            };
            Some((machine.worker(), load))
        };
        Load {
            workers: Arc::new(seen.iter().filter_map(load).collect()),
            live_since: Some(self.life.stamp(self.life.live_since)),
            waiting: 0,
        }
    }

    /// The manager hears it.
    fn hears(&mut self, said: Said) -> LinkEvent {
        match said {
            Said::Up => {
                (self.life.is_up, self.life.down_since) = (true, None);
                LinkEvent::Up
            }
            Said::Down => {
                (self.life.is_up, self.life.down_since) = (false, Some(self.now));
                self.life.told_wish = None;
                LinkEvent::Down("the scheduler is away".to_owned())
            }
            Said::Wish(wanted) => {
                self.life.told_wish = Some(wanted);
                let request = Request { task_concurrency: wanted, capabilities: Capabilities::default() };
                LinkEvent::Wish(Wish::Follow(vec![request]))
            }
            Said::Load(load, seen) => {
                self.life.told_load = seen;
                LinkEvent::Load(load)
            }
        }
    }
}
