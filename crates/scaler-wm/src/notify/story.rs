//! What systemd is told, without a socket or a clock.

use std::time::Duration;

use scaler_wm_core::manager::{Stage, Status};
use tokio::time::Instant;

/// How much longer than its own time-out systemd is asked to wait, each time.
const EXTENSION: Duration = Duration::from_secs(30);
/// How often it is asked: so often that one such word may be lost.
const EXTEND_EVERY: Duration = Duration::from_secs(10);
/// Signs of life in the time that systemd waits for one.
const SIGNS: u32 = 4;

/// The longest line of status, in bytes. systemd reads 4 KiB at a time, and this is not all that is said at one.
const LONGEST: usize = 1024;

/// How things stand, as far as systemd is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether everything is up.
    pub(super) is_up: bool,
    /// Whether everything is made ready, so that only others are waited for.
    pub(super) has_begun: bool,
    /// Whether nothing is stuck.
    pub(super) is_alive: bool,
    /// Whether everything is being stopped.
    pub(super) is_stopping: bool,
    /// All of it in a line.
    pub(super) status: String,
}

/// What was told so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    watchdog: Option<Duration>,
    pub(super) is_ready: bool,
    is_stopping: bool,
    status: String,
    alive_at: Option<Instant>,
    extended_at: Option<Instant>,
}

impl Story {
    /// Nothing was told yet; `watchdog` is how long systemd waits for a sign of life, if it does.
    pub(super) fn new(watchdog: Option<Duration>) -> Self {
        Self { watchdog, ..Self::default() }
    }

    /// How often things are to be looked at, for the next sign of life to be in time.
    pub(super) fn every(&self) -> Duration {
        self.watchdog.map_or(Duration::MAX, |watchdog| watchdog / SIGNS)
    }

    /// What there is to tell now; empty if nothing.
    pub(super) fn go_on(&mut self, facts: &Facts, now: Instant) -> String {
        let mut text = String::new();
        let is_due = |last: Option<Instant>, every| last.is_none_or(|last| now.duration_since(last) >= every);
        if facts.is_stopping && !self.is_stopping {
            self.is_stopping = true;
            // Another time-out counts from here on.
            self.extended_at = None;
            text.push_str("STOPPING=1\n");
        }
        if facts.is_up && !self.is_ready && !self.is_stopping {
            self.is_ready = true;
            text.push_str("READY=1\n");
        }
        // While it starts and stops, somebody else's time is waited for; systemd's own time-outs know nothing of that.
        let takes_time = self.is_stopping || (!self.is_ready && facts.has_begun);
        if takes_time && facts.is_alive && is_due(self.extended_at, EXTEND_EVERY) {
            self.extended_at = Some(now);
            text.push_str(&format!("EXTEND_TIMEOUT_USEC={}\n", EXTENSION.as_micros()));
        }
        // A little early, as timers are a little late.
        let every = self.every().mul_f64(0.9);
        if self.watchdog.is_some() && facts.is_alive && is_due(self.alive_at, every) {
            self.alive_at = Some(now);
            text.push_str("WATCHDOG=1\n");
        }
        if facts.status != self.status {
            self.status.clone_from(&facts.status);
            text.push_str(&format!("STATUS={}\n", in_one_line(&facts.status)));
        }
        text
    }
}

/// As much of it as systemd takes: each line is a word of its own to it, and what is too long it drops, with all that comes
/// along.
fn in_one_line(status: &str) -> String {
    let mut line = status.replace(char::is_control, " ");
    if line.len() > LONGEST {
        line.truncate(line.floor_char_boundary(LONGEST));
        line.push('…');
    }
    line
}

/// A manager in a few words.
pub(super) fn words(status: &Status) -> String {
    let count = |units: usize| if units == 1 { "1 unit".to_owned() } else { format!("{units} units") };
    let there = usize::try_from(status.running).unwrap_or(usize::MAX);
    let wanted = status.desired.map(|desired| format!(", {desired} wanted")).unwrap_or_default();
    let state = match &status.stage {
        Stage::Starting => return "starting".to_owned(),
        Stage::Ending(reason) => return format!("ending ({reason}), {} left", count(status.units.len())),
        Stage::Running if !status.is_linked => return format!("the scheduler does not answer, {} up", count(there)),
        Stage::Running => format!("{} up{wanted}", count(there)),
    };
    match &status.hold {
        Some(hold) => format!("{state}; no launch for a while: {}", hold.reason),
        None if status.is_draining => format!("{state}; told to let all go"),
        None => state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn alive() -> Facts {
        Facts { is_alive: true, has_begun: true, ..Facts::default() }
    }

    #[test]
    fn ready_is_told_once_and_stopping_once() {
        let (mut story, now) = (Story::new(None), Instant::now());
        let first = story.go_on(&Facts { status: "starting".to_owned(), ..Facts::default() }, now);
        assert_eq!(first, "STATUS=starting\n");
        let up = Facts { is_up: true, status: "a\nb".to_owned(), ..alive() };
        assert_eq!(story.go_on(&up, now), "READY=1\nSTATUS=a b\n");
        assert_eq!(story.go_on(&up, now), "");
        let stopping = Facts { is_stopping: true, ..up };
        assert_eq!(story.go_on(&stopping, now), "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\n");
        assert_eq!(story.go_on(&stopping, now), "");
    }

    #[test]
    fn whatever_there_is_to_say_systemd_can_take() {
        let facts = Facts { is_up: true, status: "ä".repeat(9000), ..alive() };
        let told = Story::new(Some(4 * SECOND)).go_on(&facts, Instant::now());
        assert!(told.starts_with("READY=1\n") && told.ends_with("ä…\n") && told.len() < 2048, "{}", told.len());
    }

    #[test]
    fn what_stops_before_it_is_up_is_never_ready() {
        let (mut story, now) = (Story::new(None), Instant::now());
        let facts = Facts { is_stopping: true, is_up: true, ..Facts::default() };
        assert_eq!(story.go_on(&facts, now), "STOPPING=1\n");
    }

    #[test]
    fn signs_of_life_end_when_something_is_stuck() {
        let (mut story, start) = (Story::new(Some(4 * SECOND)), Instant::now());
        let up = Facts { is_up: true, ..alive() };
        assert_eq!(story.go_on(&up, start), "READY=1\nWATCHDOG=1\n");
        let signs = |story: &mut Story, facts: &Facts, seconds: std::ops::Range<u32>| {
            seconds.filter(|second| story.go_on(facts, start + SECOND * *second) == "WATCHDOG=1\n").count()
        };
        assert_eq!(signs(&mut story, &up, 1..10), 9);
        assert_eq!(signs(&mut story, &Facts { is_alive: false, ..up.clone() }, 10..20), 0);
        assert_eq!(signs(&mut story, &up, 20..30), 10);
    }

    #[test]
    fn more_time_is_asked_for_while_others_are_waited_for() {
        let (mut story, start) = (Story::new(None), Instant::now());
        // What is being made ready may hang: systemd's own time-out holds.
        assert_eq!(story.go_on(&Facts { has_begun: false, ..alive() }, start), "");
        let told: Vec<u32> =
            (0..30).filter(|second| !story.go_on(&alive(), start + SECOND * *second).is_empty()).collect();
        assert_eq!(told, [0, 10, 20]);
        assert_eq!(story.go_on(&Facts { is_alive: false, ..alive() }, start + 60 * SECOND), "");
    }

    #[test]
    fn a_manager_is_told_of_in_a_few_words() {
        let mut status = Status::default();
        assert_eq!(words(&status), "starting");
        status.stage = Stage::Running;
        status.running = 1;
        assert_eq!(words(&status), "the scheduler does not answer, 1 unit up");
        (status.is_linked, status.desired) = (true, Some(4));
        assert_eq!(words(&status), "1 unit up, 4 wanted");
        status.is_draining = true;
        assert_eq!(words(&status), "1 unit up, 4 wanted; told to let all go");
        status.stage = Stage::Ending("asked to stop".to_owned());
        assert_eq!(words(&status), "ending (asked to stop), 0 units left");
    }
}
