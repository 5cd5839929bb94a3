//! Whether a process lives, and whether it can do what it is for.

use std::{fmt::Write, time::Duration};

use scaler_wm_core::{
    control::{Control, Happening},
    manager::Stage,
};

/// A loop that is so far behind its own plan is stuck: a round takes milliseconds.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// An answer to whoever asks how a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether all is well.
    pub is_good: bool,
    /// A line for each manager, in words.
    pub text: String,
}

impl Health {
    /// What is wrong with each manager, if anything.
    fn of(managers: &[Control], good: &str, wrong: impl Fn(&Control) -> Option<String>) -> Self {
        let mut health = Self { is_good: true, text: String::new() };
        for control in managers {
            let problem = wrong(control);
            health.is_good &= problem.is_none();
            let words = problem.as_deref().unwrap_or(good);
            // Writing to a string cannot fail.
            let _ = writeln!(health.text, "{}: {words}", control.manager());
        }
        health
    }
}

/// Whether the loop of every manager turns. A restart may help one that does not.
#[must_use]
pub fn health(managers: &[Control]) -> Health {
    let mut health = Health::of(managers, "alive", |control| {
        let behind = control.is_behind_by().filter(|behind| *behind > STUCK_AFTER)?;
        Some(format!("stuck: its loop should have turned {:.0} s ago", behind.as_secs_f64()))
    });
    if managers.is_empty() {
        health.text = "alive; no manager has begun\n".to_owned();
    }
    health
}

/// Whether every manager has begun, and its scheduler answers. A restart helps nobody who waits for another.
#[must_use]
pub fn readiness(managers: &[Control]) -> Health {
    if managers.is_empty() {
        return Health { is_good: false, text: "no manager has begun\n".to_owned() };
    }
    Health::of(managers, "ready", why_not_ready)
}

/// Why a manager cannot do what it is for; `None` where it can.
pub(crate) fn why_not_ready(control: &Control) -> Option<String> {
    let status = control.status();
    match &status.stage {
        // Nobody publishes any more.
        _ if control.watch().has_changed().is_err() => Some("it has ended".to_owned()),
        Stage::Starting => Some("it is starting".to_owned()),
        Stage::Ending(reason) => Some(format!("it ends: {reason}")),
        Stage::Running if !status.is_linked => {
            let peer = status.link.peer.as_deref().map_or_else(String::new, |peer| format!(" at {peer}"));
            Some(match last_reason(control) {
                Some(reason) => format!("the scheduler{peer} does not answer: {reason}"),
                None => format!("the scheduler{peer} has not answered yet"),
            })
        }
        Stage::Running if !status.has_looked => Some("what is there has not been seen yet".to_owned()),
        Stage::Running => None,
    }
}

/// Why the scheduler was lost last.
fn last_reason(control: &Control) -> Option<String> {
    control.events().latest(usize::MAX).iter().rev().find_map(|event| match &event.what {
        Happening::LinkDown(reason) => Some(reason.clone()),
        _ => None,
    })
}
