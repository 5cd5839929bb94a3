//! Looks at what runs, and tells systemd.

use std::{collections::HashMap, sync::Arc, time::Duration};

use scaler_wm_core::{ManagerId, control::Control};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    story::{Facts, Story, words},
    systemd::Systemd,
};
use crate::manage::is_up;

/// How often things are looked at until they are up: whoever waits for that waits so much longer.
const LOOK_UNTIL_UP: Duration = Duration::from_millis(100);
/// How often later on, for the line that `systemctl status` shows.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How far a loop may be behind its own plan, where systemd does not say how long it waits.
const BEHIND: Duration = Duration::from_secs(30);
/// How long the last calls of a manager may take whose loop has ended: what takes longest is to clean up in EC2, up to 150 s.
const LAST_CALLS: Duration = Duration::from_secs(180);

/// What systemd is told of.
#[derive(Clone, Debug, Default)]
struct Scene {
    /// Managers; of those in fixed mode, how many workers they start.
    managers: Vec<(Control, Option<u64>)>,
    /// Whether everything else is up.
    is_rest_up: bool,
    /// Why everything is being stopped, once it is.
    stopping: Option<String>,
}

/// Tells systemd how things stand, if systemd has started this process and wants to be told.
#[derive(Debug)]
pub(crate) struct Teller {
    systemd: Option<Arc<Systemd>>,
    scene: watch::Sender<Scene>,
}

impl Teller {
    /// Nothing is told yet.
    pub(crate) fn from_environment() -> Self {
        Self { systemd: Systemd::from_environment().map(Arc::new), scene: watch::Sender::default() }
    }

    /// Looks and tells from here on, in a task of the runtime that this is called in.
    pub(crate) fn begin(&self) {
        if let Some(systemd) = &self.systemd {
            tokio::spawn(tell(Arc::clone(systemd), self.scene.subscribe()));
        }
    }

    /// This manager belongs to it; one in `fixed` mode is up with so many workers.
    pub(crate) fn manager(&self, control: &Control, fixed: Option<u64>) {
        self.scene.send_modify(|scene| scene.managers.push((control.clone(), fixed)));
    }

    /// Everything is up that is no manager, and every manager is known.
    pub(crate) fn rest_is_up(&self) {
        self.scene.send_if_modified(|scene| !std::mem::replace(&mut scene.is_rest_up, true));
    }

    /// Everything is being stopped.
    pub(crate) fn stopping(&self, reason: &str) {
        self.scene.send_modify(|scene| scene.stopping = Some(reason.to_owned()));
        // At once, and once more by the task: what has nothing to put away ends before the task has its turn.
        if let Some(systemd) = &self.systemd {
            systemd.tell("STOPPING=1\n");
        }
    }
}

/// Tells until nobody has anything to tell.
async fn tell(systemd: Arc<Systemd>, mut scene: watch::Receiver<Scene>) {
    let mut story = Story::new(systemd.watchdog);
    let mut pulse = Pulse::new(systemd.watchdog);
    loop {
        let facts = facts(&scene.borrow_and_update(), &mut pulse, Instant::now());
        let mut further = story.clone();
        let lines = further.go_on(&facts, Instant::now());
        // What cannot be said now is said at the next look.
        if lines.is_empty() || systemd.tell(&lines) {
            story = further;
        }
        let every = if story.is_ready { LOOK_EVERY } else { LOOK_UNTIL_UP };
        tokio::select! {
            // Cancel safe, both: a watch receiver marks a version as seen only when it returns; a timer.
            changed = scene.changed() => if changed.is_err() { return },
            () = sleep(every.min(story.every())) => {}
        }
    }
}

fn facts(scene: &Scene, pulse: &mut Pulse, now: Instant) -> Facts {
    let mut facts = Facts {
        is_up: scene.is_rest_up,
        has_begun: scene.is_rest_up,
        is_alive: true,
        is_stopping: scene.stopping.is_some(),
        status: String::new(),
    };
    let is_only_one = scene.managers.len() == 1;
    let mut lines = Vec::new();
    for (control, fixed) in &scene.managers {
        let status = control.status();
        let behind = control.is_behind_by();
        facts.is_up &= is_up(&status, *fixed);
        facts.has_begun &= behind.is_some();
        facts.is_alive &= pulse.is_alive(control.manager(), behind, now);
        lines.push(if is_only_one { words(&status) } else { format!("{}: {}", control.manager(), words(&status)) });
    }
    lines.extend(scene.stopping.as_ref().map(|reason| format!("stopping: {reason}")));
    if lines.is_empty() {
        lines.push(if scene.is_rest_up { "everything is up" } else { "starting" }.to_owned());
    }
    facts.status = lines.join("; ");
    facts
}

/// Whether loops go on.
#[derive(Debug)]
struct Pulse {
    behind: Duration,
    /// Since when managers have no loop, as they have not begun or are at their end.
    without_loop: HashMap<ManagerId, Instant>,
}

impl Pulse {
    fn new(watchdog: Option<Duration>) -> Self {
        Self { behind: watchdog.map_or(BEHIND, |watchdog| watchdog / 2), without_loop: HashMap::new() }
    }

    /// Whether a manager makes progress whose loop is `behind` its plan by so much, if it has one.
    fn is_alive(&mut self, manager: &ManagerId, behind: Option<Duration>, now: Instant) -> bool {
        match behind {
            Some(behind) => {
                self.without_loop.remove(manager);
                behind < self.behind
            }
            None => now.duration_since(*self.without_loop.entry(manager.clone()).or_insert(now)) < LAST_CALLS,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixDatagram, thread};

    use scaler_wm_conformance::{MemoryLink, MemoryProvider, MemorySettings};
    use scaler_wm_core::{
        Capabilities, Clock, Limit, Manager, Provider, Sizing,
        control::{self, Seat},
        manager::Settings,
    };
    use scaler_wm_journal::MemoryJournal;
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    /// A manager in a thread of its own, as `up` runs it; how long each order keeps the thread.
    fn manager(seat: Seat, mut orders: mpsc::UnboundedReceiver<Duration>) {
        let (link, handle) = MemoryLink::new();
        handle.up();
        let mut memory = MemorySettings::default();
        // Each look has a round, and what is due is what can be late.
        memory.info.observe_every = Duration::from_millis(100);
        let provider = MemoryProvider::new(memory, Clock::system());
        let settings = Settings {
            manager: ManagerId::from("m"),
            sizing: Sizing::new(Limit::AtMost(1), provider.info(), Capabilities::default()),
            scale_down_cooldown: Duration::ZERO,
            drain_timeout: Duration::ZERO,
            stop_timeout: Duration::ZERO,
            keeps_units: false,
            rebalances: false,
            ledger: None,
            seed: 1,
        };
        let journal = Arc::new(MemoryJournal::new());
        let manager = Manager::new(settings, Arc::new(provider), Box::new(link), journal, Clock::system());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (stop, stopped) = oneshot::channel();
                tokio::spawn(async move {
                    while let Some(time) = orders.recv().await {
                        thread::sleep(time);
                    }
                    drop(stop);
                });
                manager.seated(seat).run(stopped).await.unwrap();
                // Until here: a link that nobody holds is closed, and ends the manager.
                drop(handle);
            });
        });
    }

    #[tokio::test]
    async fn no_sign_of_life_comes_while_the_thread_of_a_manager_is_stuck() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let watchdog = Duration::from_millis(200);
        let systemd = Systemd::at(path.as_os_str(), Some(watchdog)).unwrap();
        let teller = Teller { systemd: Some(Arc::new(systemd)), scene: watch::Sender::default() };
        let (control, seat) = control::pair(ManagerId::from("m"));
        let (order, orders) = mpsc::unbounded_channel();
        manager(seat, orders);
        teller.manager(&control, None);
        teller.rest_is_up();
        teller.begin();
        let signs = async |time: Duration| {
            let (until, mut signs) = (Instant::now() + time, 0);
            while Instant::now() < until {
                let mut bytes = [0; 512];
                match socket.recv(&mut bytes) {
                    Ok(length) => signs += usize::from(bytes[..length].starts_with(b"WATCHDOG=1")),
                    Err(_) => sleep(Duration::from_millis(5)).await,
                }
            }
            signs
        };
        let moment = Duration::from_millis(500);
        assert!(signs(moment).await > 2);
        order.send(4 * moment).unwrap();
        // Its next round is due meanwhile, and late.
        signs(2 * moment).await;
        assert_eq!(signs(moment).await, 0);
        // Until it goes on.
        signs(2 * moment).await;
        assert!(signs(moment).await > 2);
    }

    #[test]
    fn a_loop_that_is_stuck_is_not_alive() {
        let (mut pulse, now, manager) = (Pulse::new(Some(4 * LOOK_EVERY)), Instant::now(), ManagerId::from("m"));
        assert!(pulse.is_alive(&manager, Some(Duration::ZERO), now));
        assert!(!pulse.is_alive(&manager, Some(2 * LOOK_EVERY), now));
        assert!(pulse.is_alive(&manager, None, now));
        assert!(!pulse.is_alive(&manager, None, now + LAST_CALLS));
        assert!(pulse.is_alive(&manager, Some(Duration::ZERO), now + LAST_CALLS));
        assert!(pulse.is_alive(&manager, None, now + LAST_CALLS));
    }

    #[tokio::test]
    async fn whoever_listens_hears_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let systemd = Systemd::at(path.as_os_str(), Some(Duration::from_secs(60))).unwrap();
        let teller = Teller { systemd: Some(Arc::new(systemd)), scene: watch::Sender::default() };
        teller.begin();
        let heard = async || {
            tokio::time::timeout(Duration::from_secs(10), async {
                socket.set_nonblocking(true).unwrap();
                let mut bytes = [0; 512];
                loop {
                    match socket.recv(&mut bytes) {
                        Ok(length) => return String::from_utf8_lossy(&bytes[..length]).into_owned(),
                        Err(_) => sleep(Duration::from_millis(1)).await,
                    }
                }
            })
            .await
            .unwrap()
        };
        assert_eq!(heard().await, "WATCHDOG=1\nSTATUS=starting\n");
        let (control, _seat) = control::pair(ManagerId::from("m"));
        teller.rest_is_up();
        assert_eq!(heard().await, "READY=1\nSTATUS=everything is up\n");
        teller.manager(&control, None);
        assert_eq!(heard().await, "STATUS=starting\n");
        teller.stopping("told to");
        assert_eq!(heard().await, "STOPPING=1\n");
        assert!(heard().await.starts_with("STOPPING=1\nEXTEND_TIMEOUT_USEC="));
    }
}
