//! The engine: told of changes, it says what is to be asked of each manager.

use std::{sync::Arc, time::Duration};

use super::{Because, Decision, Facts, Offer, Scaling};
use crate::{Capabilities, ManagerId, TaskId, WorkerId};

/// One thing that has changed at the scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// So many tasks, which come and go together under this id (a single task: its own id and 1).
    TasksAdded {
        /// The id.
        id: TaskId,
        /// What each of them needs.
        capabilities: Capabilities,
        /// How many they are.
        count: u32,
    },
    /// The tasks of this id ended, or were taken away.
    TasksGone(TaskId),
    /// A worker connected.
    WorkerConnected {
        /// The worker.
        worker: WorkerId,
        /// The manager that started it, if any did.
        manager: Option<ManagerId>,
    },
    /// A worker is gone.
    WorkerGone(WorkerId),
    /// A manager says what it offers.
    ManagerHeartbeat {
        /// The manager.
        manager: ManagerId,
        /// What it offers.
        offer: Offer,
    },
    /// A task ended; how long it ran.
    TaskTook(Duration),
    /// A unit of this manager has reached the scheduler; how long that took from its launch.
    UnitStarted {
        /// The manager.
        manager: ManagerId,
        /// How long.
        took: Duration,
    },
    /// Whether a manager fails to bring what it is asked for (no capacity, a quota, units that die).
    Delivery {
        /// The manager.
        manager: ManagerId,
        /// Whether it fails.
        is_failing: bool,
    },
    /// What a manager's units cost it; needed by policies with a budget only, which a [`Ledger`](super::Ledger) tells.
    Paid {
        /// The manager.
        manager: ManagerId,
        /// Its units of now, those that are on their way in or out included.
        units: u32,
        /// Time of its units in the last 24 hours, summed over all of them.
        unit_time: Duration,
    },
    /// A manager is gone; its workers may still be there.
    ManagerGone(ManagerId),
}

/// A scaling policy and what it decides by.
#[derive(Clone, Debug)]
pub struct Engine {
    policy: &'static str,
    scaling: Arc<dyn Scaling>,
    facts: Facts,
}

impl Engine {
    /// An engine that knows of nothing yet and follows `scaling`, which decisions call `policy`;
    /// [`Policy::engine`](super::Policy::engine) makes one of a policy string.
    #[must_use]
    pub fn new(policy: &'static str, scaling: Arc<dyn Scaling>) -> Self {
        Self { policy, scaling, facts: Facts::default() }
    }

    /// Takes in what has changed. What is said twice counts once.
    pub fn apply(&mut self, change: Change) {
        self.facts.apply(change);
    }

    /// What is known.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What is to be asked of `manager` now; `None` if it is not connected.
    ///
    /// Costs O(groups of tasks by capability names x managers that the policy names), however many tasks there are.
    #[must_use]
    pub fn decide(&self, manager: &ManagerId) -> Option<Decision> {
        let offer = self.facts.offer(manager)?;
        Some(Decision {
            manager: manager.clone(),
            because: Because {
                policy: self.policy,
                tasks: self.facts.demand().total(),
                workers: self.facts.workers(),
                connected: self.facts.connected(manager),
                verdict: self.scaling.decide(&self.facts, manager, offer),
            },
        })
    }
}
