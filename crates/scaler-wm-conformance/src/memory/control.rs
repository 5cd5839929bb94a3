//! What a test can do to the units in memory, and ask about them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scaler_wm_core::{Clock, Exit, ExitCause, Launch, LaunchId, Stop, Tier, Timestamp, UnitId, WorkerId};
use tokio::sync::watch;

use super::{
    Call, CallKind, MemorySettings, NextLaunch,
    state::{State, asked, worker_of},
};

/// A provider whose units exist only in memory, with faults on demand. A clone is the same provider.
///
/// A call takes effect at once; a slow one ([`MemoryProvider::delay_calls`]) is answered later, with what was true when
/// it came in. A unit that hands back leaves when it is marked idle, and not by itself at the end of its time.
#[derive(Clone, Debug)]
pub struct MemoryProvider {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) settings: MemorySettings,
    pub(super) changed: watch::Sender<u64>,
    clock: Clock,
    state: Mutex<State>,
}

impl MemoryProvider {
    /// A provider without units, whose time is that of `clock`.
    #[must_use]
    pub fn new(settings: MemorySettings, clock: Clock) -> Self {
        let (changed, state) = (watch::channel(0).0, Mutex::new(State::default()));
        Self { inner: Arc::new(Inner { settings, changed, clock, state }) }
    }

    /// The state, with everything in it that has become due.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(&self.inner.settings, self.now());
        state
    }

    pub(super) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn tick(&self) {
        self.inner.changed.send_modify(|version| *version += 1);
    }

    /// Ticks now, and whenever what was done now changes something with time.
    pub(super) fn tick_with_time(&self) {
        let settings = &self.inner.settings;
        for wait in [settings.lag, settings.start_up + settings.lag, settings.stop_takes + settings.lag] {
            self.tick_after(wait);
        }
        self.tick();
    }

    pub(super) fn tick_after(&self, wait: Duration) {
        if wait.is_zero() {
            return;
        }
        let provider = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            drop(provider.state());
            provider.tick();
        });
    }

    pub(super) async fn delay(&self, kind: CallKind) {
        let delay = self.state().delays.get(&kind).copied();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
    }

    /// What comes of the next launch calls, one after the other, repeated ones included.
    pub fn script(&self, next: impl IntoIterator<Item = NextLaunch>) {
        let next: Vec<_> = next.into_iter().collect();
        for next in &next {
            if let NextLaunch::Follows(_, after) = next {
                assert!(!after.is_zero(), "units that follow do so later");
            }
        }
        self.state().script.extend(next);
    }

    /// What comes of every launch call that no script is left for.
    pub fn launches_otherwise(&self, otherwise: NextLaunch) {
        self.state().otherwise = Some(otherwise);
    }

    /// Whether a tier has no capacity.
    pub fn set_empty(&self, tier: &Tier, is_empty: bool) {
        let mut state = self.state();
        if is_empty {
            state.empty_tiers.insert(tier.clone());
        } else {
            state.empty_tiers.remove(tier);
        }
    }

    /// Whether listings fail.
    pub fn set_blind(&self, is_blind: bool) {
        self.state().is_blind = is_blind;
    }

    /// Answers calls of this kind that much later, with what was true when they came in.
    pub fn delay_calls(&self, kind: CallKind, delay: Duration) {
        self.state().delays.insert(kind, delay);
    }

    /// A unit that no launch of this process brought, as an earlier one leaves it.
    pub fn leave_behind(&self, launch: Option<&LaunchId>) -> UnitId {
        let now = self.now();
        let mut units = self.state().bring(&self.inner.settings, 1, launch, &Tier::default(), now);
        self.tick_with_time();
        units.remove(0)
    }

    /// A unit ends by itself; nobody knows it, or it is gone already: nothing happens.
    pub fn kill(&self, unit: &UnitId, cause: ExitCause) {
        self.end(unit, Exit { cause, asked: false, sure: true });
    }

    /// A unit ends, and whether its workers are dead is not sure.
    pub fn lose(&self, unit: &UnitId) {
        self.end(unit, Exit { cause: ExitCause::Lost("the test says so".to_owned()), asked: false, sure: false });
    }

    fn end(&self, unit: &UnitId, exit: Exit) {
        let now = self.now();
        if let Some(record) = self.state().unit_mut(unit) {
            record.leave(now, now, exit);
        }
        self.tick_with_time();
    }

    /// A unit is no longer listed, and its end is never told.
    pub fn vanish(&self, unit: &UnitId) {
        if let Some(record) = self.state().unit_mut(unit) {
            record.is_hidden = true;
        }
        self.tick();
    }

    /// Whether a unit has a task. One that hands back leaves when it has none.
    pub fn set_busy(&self, unit: &UnitId, is_busy: bool) {
        let now = self.now();
        let gone = now + self.inner.settings.stop_takes;
        if let Some(record) = self.state().unit_mut(unit) {
            record.is_busy = is_busy;
            if !is_busy && record.is_handing_back {
                record.leave(now, gone, asked(ExitCause::Code(0)));
            }
        }
        self.tick_with_time();
    }

    /// Units that exist now, oldest first, those that are starting or stopping included.
    #[must_use]
    pub fn units(&self) -> Vec<UnitId> {
        self.state().existing(self.now()).map(|unit| unit.id.clone()).collect()
    }

    /// The most units that ever existed at once.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.state().peak
    }

    /// The worker in a unit.
    #[must_use]
    pub fn worker_of(unit: &UnitId) -> WorkerId {
        worker_of(unit)
    }

    /// Every call so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Every launch call so far, and when it came in.
    #[must_use]
    pub fn launches(&self) -> Vec<(Timestamp, Launch)> {
        let launch = |call| match call {
            Call::Launch { at, launch } => Some((at, launch)),
            _ => None,
        };
        self.calls().into_iter().filter_map(launch).collect()
    }

    /// Every question so far, unit by unit, and when it came in.
    #[must_use]
    pub fn stops(&self) -> Vec<(Timestamp, UnitId, Stop)> {
        let mut stops = Vec::new();
        for call in self.calls() {
            if let Call::Stop { at, units, how } = call {
                stops.extend(units.into_iter().map(|unit| (at, unit, how)));
            }
        }
        stops
    }
}
