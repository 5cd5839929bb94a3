//! What the provider and the tasks that hear its helpers share.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use scaler_wm_core::{Exit, ExitCause, UnitId, UnitState};
use tokio::sync::{oneshot, watch};
use tracing::{debug, warn};

use crate::{
    NativeConfig,
    helper::{Answer, Event, How},
    memory::OomKills,
    registry::Registry,
    switchboard::Switchboard,
};

/// The signal by which the kernel ends what it must end.
const SIGKILL: i32 = 9;

/// What the provider and the tasks that hear the helpers share. The locks are held for moments only.
#[derive(Debug)]
pub(crate) struct Shared {
    registry: Mutex<Registry>,
    board: Mutex<Switchboard>,
    oom: Mutex<OomKills>,
    reload_on_upgrade: bool,
}

impl Shared {
    /// Nothing is there yet; `ticks` tells of every change.
    pub(crate) fn new(config: &NativeConfig, ticks: watch::Sender<u64>) -> Self {
        Self {
            registry: Mutex::new(Registry::new(ticks)),
            board: Mutex::default(),
            oom: Mutex::new(OomKills::new(config.oom_events.clone())),
            reload_on_upgrade: config.reload_on_upgrade,
        }
    }

    pub(crate) fn with_board<T>(&self, use_board: impl FnOnce(&mut Switchboard) -> T) -> T {
        use_board(&mut self.board.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn with_registry<T>(&self, use_registry: impl FnOnce(&mut Registry) -> T) -> T {
        use_registry(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn hear(&self, line: u64, event: Event) {
        match event {
            Event::Started { name, pid } => {
                debug!(worker = %name, pid, "a worker process runs");
                self.with_registry(|registry| registry.running(&name, pid));
            }
            Event::Failed { name, reason } => {
                let exit = Exit { cause: ExitCause::NeverStarted(reason), asked: false, sure: true };
                self.with_registry(|registry| registry.set(&name, UnitState::Gone(exit)));
            }
            Event::Exit { name, code, signal, asked } => self.ended(&name, code, signal, asked),
            Event::Processor { name, signal } => {
                if signal == SIGKILL && self.is_out_of_memory() {
                    warn!(worker = %name, "the kernel has killed a processor of this worker, since memory ran out");
                }
            }
            Event::Upgraded { from, to } => self.upgraded(line, &from, &to),
            Event::Answer { id, answer } => self.with_board(|board| board.answered(id, answer)),
            Event::Ready(_) | Event::Fatal { .. } => debug!("the helper repeats itself"),
        }
    }

    /// A worker has ended.
    pub(crate) fn ended(&self, name: &str, code: Option<i32>, signal: Option<i32>, asked: bool) {
        let cause = match (code, signal) {
            (_, Some(SIGKILL)) if !asked && self.is_out_of_memory() => ExitCause::OutOfMemory,
            (_, Some(signal)) => ExitCause::Signal(signal),
            (code, None) => ExitCause::Code(code.unwrap_or(-1)),
        };
        let exit = Exit { cause, asked, sure: true };
        self.with_registry(|registry| registry.set(name, UnitState::Gone(exit)));
    }

    fn is_out_of_memory(&self) -> bool {
        self.oom.lock().unwrap_or_else(PoisonError::into_inner).is_another()
    }

    fn upgraded(&self, line: u64, from: &str, to: &str) {
        if self.reload_on_upgrade {
            warn!(%from, %to, "the installed package was replaced: workers finish what runs, and new ones take their place");
            self.retire(line);
        } else {
            warn!(
                %from,
                %to,
                "the installed package was replaced, and new workers do not see it: --reload-on-upgrade replaces them by \
                 itself, and so does a restart where workers are not kept"
            );
        }
    }

    pub(crate) fn retire(&self, line: u64) {
        self.with_registry(|registry| registry.retired(line));
        self.with_board(|board| board.retire(line));
    }

    pub(crate) fn lost(&self, line: u64, reason: &str) {
        let was_needed = self.with_board(|board| board.lost(line));
        if was_needed && self.with_registry(|registry| registry.lost(line, reason)) {
            warn!(%reason, "the Python helper is gone, and its workers with it");
        }
    }

    /// Puts a question; the answer comes out of the receiver. `None` when nobody can be asked.
    pub(crate) fn ask(&self, unit: &UnitId, how: How, within: Duration) -> Option<oneshot::Receiver<Answer>> {
        let line = self.with_registry(|registry| registry.line(unit))?;
        self.with_board(|board| board.ask(line, unit.as_str(), how, within))
    }
}
