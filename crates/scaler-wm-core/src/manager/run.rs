//! The manager and its event loop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, info, warn};

use super::{
    Settings, Status, Summary,
    end::{LAST_CALLS, LAST_WORD},
    fleet::Fleet,
    launches::Launches,
    outcome::{Outcome, Trouble},
    purse::Purse,
    recall::Recalled,
    retries::Retries,
    says::Says,
    wants::Wants,
};
use crate::{
    Clock, Cooldown, Journal, LinkEvent, Provider, Result, SchedulerLink, Timestamp, Wish,
    control::{Command, Happening, Refusal, Seat, pair},
    plan::{Limits, Rebalance, Situation, TierView, UnitView, plan, plan_ending},
};

/// How long a unit may take to finish what runs where that is not to be ended.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// A round of planning that takes longer than this is worth a line in the log.
const SLOW_ROUND: Duration = Duration::from_millis(50);

/// Keeps as many units as a link wants, on whatever a provider starts them.
pub struct Manager {
    pub(super) settings: Settings,
    pub(super) limits: Limits,
    pub(super) provider: Arc<dyn Provider>,
    pub(super) link: Box<dyn SchedulerLink>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Clock,
    pub(super) fleet: Fleet,
    pub(super) launches: Launches,
    pub(super) wants: Wants,
    pub(super) retries: Retries,
    pub(super) trouble: Trouble,
    pub(super) summary: Summary,
    pub(super) random: fastrand::Rng,
    pub(super) observing: Observing,
    pub(super) purse: Purse,
    /// How many units had reached the scheduler when one was ended that never did.
    pub(super) never_ready: Option<u64>,
    pub(super) outcomes: mpsc::UnboundedSender<Outcome>,
    arrivals: mpsc::UnboundedReceiver<Outcome>,
    cooldown: Cooldown,
    rebalance: Rebalance,
    pub(super) target: Option<u32>,
    pub(super) ending: Option<Timestamp>,
    /// Whether the link has said its last word: it would say it again, at once, for ever.
    is_link_closed: bool,
    look_again: Option<Timestamp>,
    pub(super) is_spreading_said: bool,
    /// What earlier processes left on record; `None` once it has been compared with what is there.
    pub(super) recalled: Option<Recalled>,
    /// Whether this process ends and its units stay.
    pub(super) is_leaving_them: bool,
    pub(super) cooldown_until: Option<Timestamp>,
    pub(super) seat: Seat,
    says: Says,
}

/// Whether a look at the infrastructure is under way, wanted, or due.
#[derive(Debug)]
pub(super) struct Observing {
    pub(super) is_under_way: bool,
    pub(super) is_wanted: bool,
    pub(super) next: Timestamp,
    /// One that is asked for after this instant is needed, even if another begins before.
    pub(super) after: Option<Timestamp>,
}

/// What woke the loop.
enum Event {
    Link(LinkEvent),
    Outcome(Outcome),
    Changed,
    Tick,
    Told(Command, oneshot::Sender<Result<(), Refusal>>),
    Stop,
}

impl Manager {
    /// A manager that has not begun.
    #[must_use]
    pub fn new(
        settings: Settings,
        provider: Arc<dyn Provider>,
        link: Box<dyn SchedulerLink>,
        journal: Arc<dyn Journal>,
        clock: Clock,
    ) -> Self {
        let now = clock.now();
        let (outcomes, arrivals) = mpsc::unbounded_channel();
        let limits = settings.limits(provider.info());
        Self {
            limits,
            never_ready: None,
            purse: Purse::new(settings.ledger.clone(), settings.manager.clone()),
            retries: Retries::new(settings.seed, now),
            random: fastrand::Rng::with_seed(settings.seed),
            observing: Observing { is_under_way: false, is_wanted: true, next: now, after: None },
            fleet: Fleet::default(),
            launches: Launches::default(),
            wants: Wants::default(),
            trouble: Trouble::default(),
            summary: Summary::default(),
            cooldown: Cooldown::default(),
            rebalance: Rebalance::default(),
            target: None,
            ending: None,
            is_link_closed: false,
            look_again: None,
            is_spreading_said: false,
            recalled: Some(Recalled::default()),
            is_leaving_them: false,
            cooldown_until: None,
            seat: pair(settings.manager.clone()).1,
            says: Says::default(),
            settings,
            provider,
            link,
            journal,
            clock,
            outcomes,
            arrivals,
        }
    }

    /// How things stand, now and after every round in which they changed.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Arc<Status>> {
        self.seat.status.subscribe()
    }

    /// Lets whoever has the other side of this seat look on, and tell the manager what to do.
    #[must_use]
    pub fn seated(mut self, seat: Seat) -> Self {
        self.seat = seat;
        self
    }

    /// Runs until `stop` fires (or its sender is dropped), or the link closes; then ends every unit within the stop
    /// time-out, and removes what it made.
    ///
    /// # Errors
    /// When no retry can help: the infrastructure denied or refused a launch, or the journal cannot be used. Units
    /// have been ended then, too.
    pub async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Result<Summary> {
        let (provider, journal) = (Arc::clone(&self.provider), Arc::clone(&self.journal));
        self.seat.take(provider, journal, self.settings.ledger.clone(), self.clock);
        self.recall().await?;
        let mut changed = self.provider.changed();
        while !self.is_done() {
            self.round();
            let next = self.next_wake();
            self.seat.meters().note(|figures| figures.next_round = Some(next));
            let wake = self.clock.instant(next);
            let event = tokio::select! {
                // In this order, so that a simulation is repeated exactly: whatever is ready is taken before the next wait.
                biased;
                // Cancel safe: a oneshot receiver keeps its value until it is polled to the end.
                _ = &mut stop, if self.ending.is_none() => Event::Stop,
                // Cancel safe: a channel's receiver loses nothing.
                Some((command, answer)) = self.seat.asked.recv() => Event::Told(command, answer),
                // Cancel safe by contract.
                event = self.link.next(), if !self.is_link_closed => Event::Link(event),
                // Cancel safe: an unbounded receiver loses nothing. The sender is held by `self`: never `None`.
                Some(outcome) = self.arrivals.recv() => Event::Outcome(outcome),
                // Cancel safe: a watch receiver marks a version as seen only when it returns.
                Ok(()) = changed.changed() => Event::Changed,
                // Cancel safe: a timer.
                () = tokio::time::sleep_until(wake) => Event::Tick,
            };
            self.take(event).await;
        }
        self.seat.meters().note(|figures| figures.next_round = None);
        self.finish().await
    }

    async fn take(&mut self, event: Event) {
        match event {
            Event::Link(event) => {
                self.heard(event);
                // Load and wish often come together, and belong to the same round.
                while let Some(event) = self.already_said().await {
                    self.heard(event);
                }
            }
            Event::Outcome(outcome) => {
                self.settle(outcome);
                // Whatever else has arrived meanwhile belongs to the same round.
                while let Ok(outcome) = self.arrivals.try_recv() {
                    self.settle(outcome);
                }
            }
            Event::Changed => self.observing.is_wanted = true,
            Event::Tick => {}
            Event::Told(command, answer) => {
                let obeyed = self.obey(command);
                // Whoever asked may be gone meanwhile.
                drop(answer.send(obeyed));
            }
            Event::Stop => self.told_to_end(),
        }
    }

    /// Somebody asks it to end.
    pub(super) fn told_to_end(&mut self) {
        self.summary.was_asked = true;
        let has_units = !self.fleet.is_empty() || !self.launches.is_empty() || self.unseen().next().is_some();
        if self.settings.keeps_units && has_units {
            "asked to stop; units stay".clone_into(&mut self.summary.reason);
            self.is_leaving_them = true;
        } else {
            self.end("asked to stop");
        }
    }

    /// What the link has to say without a wait.
    async fn already_said(&mut self) -> Option<LinkEvent> {
        if self.is_link_closed {
            return None;
        }
        tokio::select! {
            biased;
            // Cancel safe by contract.
            event = self.link.next() => Some(event),
            () = std::future::ready(()) => None,
        }
    }

    fn heard(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up => {
                debug!(manager = %self.settings.manager, "the link is up");
                self.wants.up_since = Some(self.clock.now());
                self.happened(Happening::LinkUp, self.clock.now());
                // What was wanted before it went away may no longer be.
                self.wants.wish = None;
            }
            LinkEvent::Down(reason) => {
                let manager = &self.settings.manager;
                self.says.away.say(self.clock.now(), |left_out| {
                    warn!(%manager, %reason, left_out, "the scheduler does not answer: units stay, none starts");
                });
                self.happened(Happening::LinkDown(reason), self.clock.now());
                self.wants.up_since = None;
                self.wants.wish = None;
            }
            LinkEvent::Wish(wish) => self.wants.wish = Some(wish),
            LinkEvent::Load(load) => self.wants.load = load,
            LinkEvent::Closed(reason) => {
                self.is_link_closed = true;
                self.end(&reason);
            }
        }
    }

    /// Looks, plans, acts.
    fn round(&mut self) {
        let started = Instant::now();
        let now = self.clock.now();
        self.retries.forget_old(now);
        self.observe_if_due(now);
        self.give_up_old_launches(now);
        self.look_again = None;
        self.mind_bounds(now);
        self.want();
        self.say_if_work_cannot_be_spread(now);
        let views = self.fleet.views(&self.wants.load, self.wants.knows_since(), self.clock.now());
        if self.recalled.is_none() {
            self.purse.count(self.present(), now);
        }
        match self.ending {
            Some(until) => {
                self.target = Some(0);
                self.act(plan_ending(&views, until, now), now);
                let next = [until, until + LAST_WORD, until + LAST_CALLS].into_iter().find(|at| *at > now);
                next.into_iter().for_each(|at| self.look_again(at));
            }
            None => self.plan_and_act(&views, now),
        }
        self.repeat_due_launches(now);
        self.publish(&views);
        let took = started.elapsed();
        self.seat.meters().note(|figures| figures.rounds.add(took));
        if took > SLOW_ROUND {
            debug!(units = views.len(), millis = u64::try_from(took.as_millis()).ok(), "slow round");
        }
    }

    fn plan_and_act(&mut self, views: &[UnitView], now: Timestamp) {
        let tiers: Vec<TierView> = self
            .provider
            .info()
            .tiers
            .iter()
            .map(|tier| TierView { tier: tier.clone(), available_from: self.retries.available_from(tier) })
            .collect();
        let limits = match self.wants.wish {
            _ if self.wants.is_draining => Limits { cooldown: Duration::ZERO, ..self.limits.clone() },
            Some(Wish::Spare(_)) => Limits { drain_timeout: PATIENCE, cooldown: Duration::ZERO, ..self.limits.clone() },
            _ => self.limits.clone(),
        };
        let made = plan(&Situation {
            now,
            desired: self.wants.desired,
            units: views,
            open: self.launches.outstanding(&self.fleet),
            limits: &limits,
            tiers: &tiers,
            cooldown: self.cooldown,
            rebalance: &self.rebalance,
            not_before: self.retries.not_before(),
        });
        if made.target != self.target {
            let (manager, desired) = (&self.settings.manager, self.wants.desired);
            self.says.target.say(now, |left_out| {
                info!(%manager, desired, target = made.target, units = views.len(), left_out, "target changed");
            });
            let (desired, target) = (self.wants.desired, made.target);
            let there = u32::try_from(views.len()).unwrap_or(u32::MAX);
            self.happened(Happening::Target { desired, target, units: there }, now);
        }
        if made.target != self.target || !made.actions.is_empty() {
            self.decided(&made, views, now);
        }
        self.cooldown = made.cooldown;
        self.cooldown_until = made.cooldown.ends_at(self.limits.cooldown);
        self.rebalance = made.rebalance;
        self.target = made.target;
        made.look_again.into_iter().for_each(|at| self.look_again(at));
        self.act(made.actions, now);
    }

    /// Looks at the infrastructure again at this instant at the latest.
    pub(super) fn look_at(&mut self, at: Timestamp) {
        self.observing.next = self.observing.next.min(at);
    }

    /// Has another round at this instant at the latest.
    pub(super) fn look_again(&mut self, at: Timestamp) {
        self.look_again = Some(self.look_again.map_or(at, |before| before.min(at)));
    }

    fn next_wake(&self) -> Timestamp {
        // While a look is under way its outcome wakes the loop; a due one behind it must not make the loop spin.
        let observe = if self.observing.is_under_way {
            self.clock.now() + self.provider.info().observe_every
        } else {
            self.observing.next
        };
        [self.look_again, self.launches.next_due()].into_iter().flatten().fold(observe, Timestamp::min)
    }
}
