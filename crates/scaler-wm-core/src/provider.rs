//! The provider seam: who starts and stops units on some infrastructure.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    Error, LaunchId, Limit, Result, Stop, StopAnswer, Tier, Timestamp, Token, Unit, UnitId, control::CallFigures,
};

/// What a provider is and can do, known before anything is asked of it.
#[derive(Clone, Debug)]
pub struct ProviderInfo {
    /// The manager type that users write, such as `baremetal_native`.
    pub name: &'static str,
    /// Workers in one unit.
    pub workers_per_unit: NonZeroU32,
    /// Task concurrency of one worker (1 for a Python worker).
    pub concurrency_per_worker: NonZeroU32,
    /// The most units that one launch call can bring, and that one call is asked to stop.
    pub largest_batch: NonZeroU32,
    /// The most units that may be on order at once, calls that wait for their turn included.
    pub most_on_order: NonZeroU32,
    /// The most units that may exist at once, whatever task concurrency is allowed.
    pub most_units: Limit,
    /// Where units can come from, best first; never empty.
    pub tiers: Vec<Tier>,
    /// How long a unit may be missing from a listing although it is there.
    pub list_lag: Duration,
    /// How long a unit may take from launch until its workers are at the scheduler; later it is replaced.
    pub ready_within: Duration,
    /// How often to look although nothing has changed.
    pub observe_every: Duration,
    /// Whether repeating a [`Launch`] is safe: the same launch is the same request.
    pub idempotent: bool,
    /// For how long after it was prepared a launch may be repeated: infrastructures forget tokens. A call may arrive later
    /// than it is made, so they have to remember them longer. One of which nobody knows by then what came is given up.
    pub repeatable_for: Duration,
    /// Whether [`Provider::observe`] also lists units of earlier processes of this manager that no journal names.
    pub lists_foreign_units: bool,
    /// Whether units of earlier processes are found by what the journal has of them: their names, or their launch's
    /// receipt. If not, they end with their process, and what is on record of them is forgotten.
    pub finds_recorded_units: bool,
    /// Whether units understand [`Stop::Relieve`].
    pub relieves: bool,
    /// Whether a unit that has accepted [`Stop::Now`] goes although this process has gone.
    pub ends_by_itself: bool,
    /// How long [`Provider::sweep`] may take once all units are told to go: what they hold can be removed only when they
    /// are gone.
    pub swept_within: Duration,
}

impl ProviderInfo {
    /// Task concurrency of one unit.
    #[must_use]
    pub const fn concurrency_per_unit(&self) -> NonZeroU32 {
        self.workers_per_unit.saturating_mul(self.concurrency_per_worker)
    }

    /// Whether a launch may be called again: that is the same request, and its token is still remembered.
    pub(crate) fn may_repeat(&self, launch: &Launch, now: Timestamp) -> bool {
        self.idempotent && now.since(launch.at) <= self.repeatable_for
    }
}

/// One launch call with everything that it needs: journaled whole, repeated whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Our name for it.
    pub id: LaunchId,
    /// The idempotency token that goes out with it.
    pub token: Token,
    /// Units asked for.
    pub count: NonZeroU32,
    /// Where they are to come from.
    pub tier: Tier,
    /// When it was prepared.
    pub at: Timestamp,
    /// The provider's own parameters, frozen; opaque to everybody else.
    pub spec: Bytes,
}

/// What a launch call brought. Partial success is normal.
#[derive(Debug, Default)]
pub struct Launched {
    /// Units that exist now.
    pub units: Vec<Arc<Unit>>,
    /// A receipt: further units will follow, and [`Provider::observe`] settles the launch.
    pub receipt: Option<Receipt>,
    /// Why the missing ones failed.
    pub failed: Vec<Error>,
}

/// The infrastructure's word that units will follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt(pub Bytes);

/// A launch whose outcome is not known yet.
#[derive(Clone, Debug)]
pub struct OpenLaunch {
    /// The launch.
    pub launch: Launch,
    /// The receipt, when the call was answered with one.
    pub receipt: Option<Receipt>,
}

/// How an open launch ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The units it brought.
    pub units: Vec<UnitId>,
    /// How many of those asked for will never come.
    pub missing: u32,
}

/// The truth about a manager's units, asked anew.
#[derive(Debug, Default)]
pub struct Observed {
    /// Every unit that exists, and those that went since the last look, as [`crate::UnitState::Gone`].
    pub units: Vec<Arc<Unit>>,
    /// Open launches whose outcome is now known.
    pub settled: Vec<(LaunchId, Settled)>,
}

/// Starts, lists and stops units on one infrastructure.
///
/// Retries, time-outs, pacing and injected faults are wrappers around this trait; a backend just asks and answers.
#[async_trait]
pub trait Provider: Send + Sync {
    /// What this provider is and can do.
    fn info(&self) -> &ProviderInfo;

    /// Freezes every parameter of a launch of `count` units from `tier`, and calls nothing.
    ///
    /// # Errors
    /// When no such launch can be made, whatever the infrastructure would say.
    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch>;

    /// Units that earlier processes have on record: a look asks about them too, by their names.
    fn remember(&self, _units: &[UnitId]) {}

    /// The same, with the launch that brought them: for infrastructures that cannot keep its name. A look tells them under
    /// it, or their record is taken for that of units that are gone.
    fn remember_launch(&self, _launch: &LaunchId, units: &[UnitId]) {
        self.remember(units);
    }

    /// Makes the call. The same launch again is the same request, where [`ProviderInfo::idempotent`] says so.
    ///
    /// # Errors
    /// When nothing of it came; [`crate::ErrorKind::is_uncertain`] tells whether it may have come all the same.
    async fn launch(&self, launch: &Launch) -> Result<Launched>;

    /// Looks at what is really there, units of earlier processes included.
    ///
    /// # Errors
    /// When the infrastructure gave no answer: nothing is known then, and no unit counts as dead.
    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed>;

    /// Asks each of `units` to end in the way given. Their end itself comes by [`Provider::observe`].
    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)>;

    /// Ticks when it is worth another look: never what to see there.
    fn changed(&self) -> watch::Receiver<u64>;

    /// The manager ends, and so do its units: removes temporary resources, ends helpers. It is cut off early when there
    /// are units that could not be ended.
    ///
    /// # Errors
    /// When something is left behind; the error names it.
    async fn sweep(&self) -> Result<()>;

    /// Calls made to the infrastructure so far, by operation, where they are counted.
    fn calls(&self) -> Vec<CallFigures> {
        Vec::new()
    }

    /// Where its units are, in words for people: a host, a cluster and its region.
    fn place(&self) -> String {
        String::new()
    }

    /// The manager ends, and its units are to stay, or what they do: lets go of them.
    ///
    /// # Errors
    /// When some may not stay.
    async fn leave(&self) -> Result<()> {
        Ok(())
    }
}
