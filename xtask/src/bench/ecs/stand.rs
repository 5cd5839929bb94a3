//! What both measurements stand on.

use std::path::PathBuf;

use scaler_wm_tests::{
    ApiCall, EcsStack, EcsStackOptions, EmulatorOptions, ManagerKind, ManagerOptions, Outcome, Result, StackOptions,
};

/// Which manager.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) kind: ManagerKind,
    pub(super) binary: Option<PathBuf>,
}

impl Subject {
    /// How it is started: one worker a task, at most `limit` of them.
    pub(super) fn options(&self, limit: u32, extra: &[&str]) -> ManagerOptions {
        let extra = ["--ecs-task-cpu", "1"].iter().chain(extra).map(|word| (*word).to_owned()).collect();
        ManagerOptions { kind: self.kind, binary: self.binary.clone(), limit, extra, ..ManagerOptions::default() }
    }
}

/// A stack whose scheduler is told what to wish, over tasks that are no processes.
pub(super) fn start() -> Result<EcsStack> {
    EcsStack::start(EcsStackOptions {
        stack: StackOptions { is_told: true, ..StackOptions::default() },
        emulator: EmulatorOptions { executes: false, ..EmulatorOptions::default() },
    })
}

/// The calls of RunTask that have ended.
pub(super) fn launches(ecs: &EcsStack) -> Vec<ApiCall> {
    ecs.cloud.proxy.calls_of("RunTask")
}

/// How many tasks these calls brought.
pub(super) fn brought(calls: &[ApiCall]) -> usize {
    calls.iter().filter(|call| call.outcome == Outcome::Forwarded).map(|call| call.units.len()).sum()
}
