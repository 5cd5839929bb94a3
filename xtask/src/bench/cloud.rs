//! What measurements over clouds stand on.

use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use scaler_wm_tests::{
    ApiCall, CloudStack, CloudStackOptions, Emulation, Killable, ManagerKind, ManagerOptions, Outcome, Result,
    StackOptions, now,
};

/// Half a default heartbeat interval: a wish is heard with the next heartbeat, and so it waits as long as one does on
/// average.
const AFTER_A_HEARTBEAT: Duration = Duration::from_secs(1);

/// Which manager.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) kind: ManagerKind,
    binary: Option<PathBuf>,
}

impl Subject {
    pub(super) fn ours(binary: &Path) -> Self {
        Self { kind: ManagerKind::Ours, binary: Some(binary.to_owned()) }
    }

    pub(super) fn released() -> Self {
        Self { kind: ManagerKind::Released, binary: None }
    }

    /// How it is started: one worker a unit, at most `limit` of them.
    pub(super) fn options<E: Killable>(&self, limit: u32, extra: &[&str]) -> ManagerOptions {
        self.with(limit, E::ONE_WORKER.iter().chain(extra).copied())
    }

    /// How it is started with these arguments and no others.
    pub(super) fn with<'a>(&self, limit: u32, extra: impl IntoIterator<Item = &'a str>) -> ManagerOptions {
        let extra = extra.into_iter().map(str::to_owned).collect();
        ManagerOptions { kind: self.kind, binary: self.binary.clone(), limit, extra, ..ManagerOptions::default() }
    }
}

/// A stack whose scheduler is told what to wish.
pub(super) fn start<E: Emulation>(emulator: E::Options) -> Result<CloudStack<E>> {
    let stack = StackOptions { is_told: true, ..StackOptions::default() };
    CloudStack::start(CloudStackOptions { stack, emulator })
}

/// Wishes for so many units, half an interval after a heartbeat; returns when.
pub(super) fn wish<E: Killable>(stack: &CloudStack<E>, count: u32) -> Result<f64> {
    let beats = stack.stack.heartbeats().len();
    stack.until("a heartbeat", 10.0, || (stack.stack.heartbeats().len() > beats).then_some(()))?;
    thread::sleep(AFTER_A_HEARTBEAT);
    let wished = now();
    stack.stack.wish(count)?;
    Ok(wished)
}

/// When a wish was heard: with the first heartbeat from then on.
pub(super) fn heard<E: Killable>(stack: &CloudStack<E>, wished: f64) -> f64 {
    stack.stack.heartbeats().into_iter().find(|beat| *beat >= wished).unwrap_or(wished)
}

/// The calls that launch, of those that have ended.
pub(super) fn launches<E: Killable>(stack: &CloudStack<E>) -> Vec<ApiCall> {
    stack.cloud.proxy.calls_of(E::LAUNCHES)
}

/// How many units these calls brought.
pub(super) fn brought(calls: &[ApiCall]) -> usize {
    calls.iter().filter(|call| call.outcome == Outcome::Forwarded).map(|call| call.units.len()).sum()
}
