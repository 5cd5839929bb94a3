//! From the wish to instances that a manager knows to have started.

use scaler_wm_tests::{Ec2Emulator, Result, now};

use super::{
    known::{TALKATIVE, has_started},
    start,
};
use crate::bench::cloud::{Subject, heard, wish};

/// Instances that are wanted.
pub(super) const WANTED: u32 = 20;
/// Longer than any manager takes, in seconds.
const PATIENCE: f64 = 60.0;

/// Times in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started {
    /// From the wish.
    pub(super) took: f64,
    /// From the heartbeat with which the wish was heard.
    pub(super) heard: f64,
}

pub(super) fn measure(subject: &Subject) -> Result<Started> {
    eprintln!("{:?}: {WANTED} instances", subject.kind);
    let ec2 = start()?;
    let manager = ec2.connected_manager(&subject.options::<Ec2Emulator>(WANTED, &TALKATIVE))?;
    let wished = wish(&ec2, WANTED)?;
    let known = ec2.until("instances", PATIENCE, || has_started(&ec2, &manager, WANTED as usize).then(now))?;
    let started = Started { took: known - wished, heard: known - heard(&ec2, wished) };
    eprintln!("{started:?}");
    Ok(started)
}
