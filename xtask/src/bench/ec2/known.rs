//! What a manager knows of its instances, by its own words.

use scaler_wm_tests::{Ec2Emulator, Ec2Stack, Killable, Manager, ManagerKind};

use crate::bench::cloud::launches;

/// What both are told beside, so that they say enough.
pub(super) const TALKATIVE: [&str; 2] = ["--logging-level", "DEBUG"];

/// Whether it knows that so many instances have started: the released one when it says that they are ready, ours when it
/// says that they are there and has been told by a look after the launch that they run.
pub(super) fn has_started(ec2: &Ec2Stack, manager: &Manager, count: usize) -> bool {
    let said = |words: &[&str]| manager.log().lines_with(words).len() >= count;
    match manager.kind() {
        ManagerKind::Released => said(&["instance i-", "ready"]),
        ManagerKind::Ours => said(&["a unit is there"]) && has_looked_since(ec2),
    }
}

/// Whether a look that began after the last launch has ended.
fn has_looked_since(ec2: &Ec2Stack) -> bool {
    let launched = launches(ec2).iter().map(|call| call.began + call.took).fold(0.0, f64::max);
    ec2.cloud.proxy.calls_of(Ec2Emulator::LOOKS).iter().any(|look| look.began >= launched)
}

/// Whether it says that so many instances are gone, or that it has let them go.
pub(super) fn has_let_go(manager: &Manager, count: usize) -> bool {
    match manager.kind() {
        ManagerKind::Released => {
            !manager.log().lines_with(&[&format!("successfully stopped {count} unit(s)")]).is_empty()
        }
        ManagerKind::Ours => manager.log().lines_with(&["a unit left"]).len() >= count,
    }
}
