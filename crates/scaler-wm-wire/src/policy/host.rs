//! An engine at work: it listens, decides, and tells managers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::{
    Chain, Clock, ManagerId, Seldom, WorkerMatch, cut,
    policy::{CapSource, Ledger, Offer, Policy, Wanted, Wishes},
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use tracing::{debug, info, warn};

use super::feed::Feed;
use crate::{
    Message,
    monitor::{Monitor, MonitorEvent, MonitorSettings},
};

/// Without a word for so long, a monitor that is connected is taken for away.
const SILENCE: Duration = Duration::from_secs(15);
/// What changes within this time is decided upon together: a burst of tasks comes in one by one, and counts as one.
const GATHER: Duration = Duration::from_millis(100);

/// What an engine at work is told once.
#[derive(Clone, Debug)]
pub struct HostSettings {
    /// Where the scheduler's monitor publishes, and how it is reached.
    pub monitor: MonitorSettings,
    /// How long the last wishes stand while the monitor is away.
    pub hold: Duration,
}

/// How a manager in this process stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Every unit.
    pub units: Vec<UnitReport>,
    /// Whether it fails to bring what it is asked for.
    pub is_failing: bool,
}

/// One unit of a manager in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitReport {
    /// How its workers are known: so they count for their manager as soon as they connect.
    pub workers: WorkerMatch,
    /// Whether it has come up: one that is first told of when it has was there before, and teaches nothing.
    pub is_up: bool,
    /// Whether its workers are at the scheduler: so it is learned how long that takes.
    pub is_connected: bool,
}

/// Whether an engine knows enough to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The monitor has not been heard yet; why, if a connection failed.
    Waiting(Option<String>),
    /// It knows.
    Ready,
    /// The monitor is away, and the last wishes stand.
    Holding,
    /// It has been away for too long: nothing is wanted.
    Lost,
}

/// The way to an engine at work, for any number of managers on any thread. The engine ends when all of these are gone.
#[derive(Clone, Debug)]
pub struct PolicyHost {
    commands: mpsc::UnboundedSender<Command>,
    standing: watch::Receiver<Standing>,
}

#[derive(Debug)]
enum Command {
    Follow(ManagerId, Offer, watch::Sender<Option<Wanted>>),
    Report(ManagerId, Report),
}

impl PolicyHost {
    /// An engine that follows `policy`, and the future that does its work, to be run somewhere.
    ///
    /// What is spent goes into `ledger`, if there is one.
    pub fn new(
        policy: &Policy,
        ledger: Option<Arc<Ledger>>,
        settings: HostSettings,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (tell, standing) = watch::channel(Standing::Waiting(None));
        let work = Work {
            feed: Feed::new(policy, ledger),
            policy: policy.scaling(),
            followers: HashMap::new(),
            silent: HashSet::new(),
            capped: HashSet::new(),
            standing: tell,
            hold: settings.hold,
            lost_at: None,
            clock: Clock::system(),
            says: Says::default(),
        };
        (Self { commands, standing }, work.run(inbox, settings.monitor))
    }

    /// Makes a manager known; what is wanted of it, now and from here on.
    #[must_use]
    pub fn follow(&self, manager: ManagerId, offer: Offer) -> Wishes {
        let (tell, wishes) = watch::channel(None);
        // An engine that is gone says nothing.
        drop(self.commands.send(Command::Follow(manager, offer, tell)));
        wishes
    }

    /// Tells how a manager stands, whenever something about it has changed.
    pub fn report(&self, manager: &ManagerId, report: Report) {
        drop(self.commands.send(Command::Report(manager.clone(), report)));
    }

    /// Whether the engine knows enough to decide, now and from here on.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }
}

struct Work {
    feed: Feed,
    policy: &'static str,
    followers: HashMap<ManagerId, watch::Sender<Option<Wanted>>>,
    /// Managers of which it was said that the policy never asks them for anything.
    silent: HashSet<ManagerId>,
    /// Managers of which it was said that the budget limits what is wanted of them.
    capped: HashSet<ManagerId>,
    standing: watch::Sender<Standing>,
    hold: Duration,
    /// When the monitor went away.
    lost_at: Option<Instant>,
    clock: Clock,
    says: Says,
}

/// Lines that a monitor can cause.
#[derive(Debug)]
struct Says {
    up: Seldom,
    back: Seldom,
    lost: Seldom,
    wants: Seldom,
}

impl Default for Says {
    fn default() -> Self {
        let [up, back, lost] = std::array::from_fn(|_| Seldom::default());
        // The usual policy asks for one unit more at a time: each is a line, as long as that is no flood.
        Self { up, back, lost, wants: Seldom::new(200, Duration::from_secs(5)) }
    }
}

impl Work {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>, settings: MonitorSettings) {
        let address = settings.address.clone();
        let mut monitor = Monitor::start(settings);
        let mut decide_at: Option<Instant> = None;
        let mut silent_at: Option<Instant> = None;
        loop {
            let held_until = self.lost_at.map(|at| at + self.hold);
            tokio::select! {
                // Cancel safe, both: channels lose nothing.
                command = inbox.recv() => match command {
                    Some(command) => self.told(command),
                    None => return,
                },
                event = monitor.next() => match event {
                    MonitorEvent::Up => {
                        let policy = self.policy;
                        self.says.up.say(self.clock.now(), |left_out| {
                            info!(monitor = %address, policy, left_out, "the policy engine hears the scheduler's monitor");
                        });
                        self.feed.begin();
                    }
                    MonitorEvent::Said(message) => {
                        silent_at = Some(Instant::now() + SILENCE);
                        self.heard(*message);
                    }
                    MonitorEvent::Down { error, .. } => {
                        silent_at = None;
                        self.lost(&Chain(&error).to_string());
                    }
                },
                // Cancel safe: a timer.
                () = sleep_until(silent_at.unwrap_or_else(Instant::now)), if silent_at.is_some() => {
                    silent_at = None;
                    self.feed.begin();
                    self.lost("it has said nothing for a while, and reports should come every second");
                }
                // Cancel safe: a timer.
                () = sleep_until(held_until.unwrap_or_else(Instant::now)), if held_until.is_some() => self.give_up(),
                () = sleep_until(decide_at.unwrap_or_else(Instant::now)), if decide_at.is_some() => {
                    self.decide();
                    decide_at = None;
                    continue;
                }
            }
            decide_at = decide_at.or_else(|| Some(Instant::now() + GATHER));
        }
    }

    fn told(&mut self, command: Command) {
        match command {
            Command::Follow(manager, offer, tell) => {
                self.feed.manager(manager.clone(), offer);
                self.followers.insert(manager, tell);
            }
            Command::Report(manager, Report { units, is_failing }) => {
                self.feed.units(&manager, units, Instant::now());
                self.feed.delivery(manager, is_failing);
            }
        }
    }

    fn heard(&mut self, message: Message) {
        match message {
            Message::StateTask(event) => self.feed.task(event),
            Message::StateWorker(event) => self.feed.worker(&event),
            Message::StateScheduler(report) => self.feed.report(&report, self.clock.now()),
            _ => return,
        }
        if self.feed.is_ready() && *self.standing.borrow() != Standing::Ready {
            let was_lost = self.lost_at.take().is_some() || *self.standing.borrow() == Standing::Lost;
            if was_lost {
                self.says.back.say(self.clock.now(), |left_out| {
                    info!(policy = self.policy, left_out, "the scheduler's monitor is back: the policy decides again");
                });
            }
            self.standing.send_replace(Standing::Ready);
        }
    }

    fn lost(&mut self, reason: &str) {
        let standing = self.standing.borrow().clone();
        match standing {
            Standing::Waiting(_) => drop(self.standing.send_replace(Standing::Waiting(Some(reason.to_owned())))),
            Standing::Ready => {
                self.says.lost.say(self.clock.now(), |left_out| {
                    warn!(
                        policy = self.policy,
                        reason,
                        hold_seconds = self.hold.as_secs_f64(),
                        left_out,
                        "the scheduler's monitor is away: what was wanted last stands for so long, then units stay and none starts"
                    );
                });
                self.lost_at = Some(Instant::now());
                self.standing.send_replace(Standing::Holding);
            }
            Standing::Holding | Standing::Lost => debug!(reason, "no monitor yet"),
        }
    }

    fn give_up(&mut self) {
        warn!(policy = self.policy, "the scheduler's monitor has been away for too long: units stay, none starts");
        self.lost_at = None;
        self.standing.send_replace(Standing::Lost);
    }

    /// Tells every manager what is wanted of it, if that has changed.
    fn decide(&mut self) {
        let gone: Vec<ManagerId> =
            self.followers.iter().filter(|(_, tell)| tell.is_closed()).map(|(manager, _)| manager.clone()).collect();
        for manager in gone {
            self.followers.remove(&manager);
            self.feed.manager_gone(manager);
        }
        self.feed.pay(self.clock.now());
        let standing = self.standing.borrow().clone();
        for (manager, tell) in &self.followers {
            let wanted = match standing {
                Standing::Ready => {
                    let Some(decision) = self.feed.engine().decide(manager) else { continue };
                    let wish = decision.wish();
                    let is_new = tell.borrow().as_ref().map(|wanted| &wanted.wish) != wish.as_ref();
                    let is_capped = [CapSource::Budget, CapSource::BudgetEnds].iter().any(|cap| decision.has_cap(*cap));
                    let is_news =
                        if is_capped { self.capped.insert(manager.clone()) } else { self.capped.remove(manager) };
                    if is_capped && is_news {
                        warn!(%manager, because = cut(&decision.because), "the budget limits what the policy wants");
                    } else if is_new {
                        self.says.wants.say(self.clock.now(), |left_out| {
                            info!(%manager, because = cut(&decision.because), left_out, "the policy wants something else");
                        });
                    }
                    if wish.is_none() {
                        // A policy that gives no command leaves things as they are.
                        if self.silent.insert(manager.clone()) {
                            warn!(%manager, because = cut(&decision.because), "the policy asks this manager for nothing, ever");
                        }
                        continue;
                    }
                    wish.map(|wish| Wanted { wish, why: cut(&decision.because).into() })
                }
                Standing::Holding => continue,
                Standing::Waiting(_) | Standing::Lost => None,
            };
            tell.send_if_modified(|last| {
                let wish = |wanted: &Option<Wanted>| wanted.as_ref().map(|wanted| wanted.wish.clone());
                let is_new = wish(last) != wish(&wanted);
                // Another reason for the same wish is there to be read, and wakes nobody.
                *last = wanted;
                is_new
            });
        }
    }
}
