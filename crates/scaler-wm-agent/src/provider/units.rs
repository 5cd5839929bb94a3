//! The agents that are there, and those of earlier processes, without any input or output.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use scaler_wm_core::{
    Clock, Exit, ExitCause, LaunchId, Stop, StopAnswer, Tier, Unit, UnitId, UnitState, WorkerId, WorkerMatch,
};
use tokio::sync::{mpsc, oneshot};

use crate::agent::{News, Question};

#[derive(Debug)]
struct Tracked {
    unit: Arc<Unit>,
    questions: mpsc::UnboundedSender<Question>,
}

/// The agents that are there, and those of earlier processes.
#[derive(Debug)]
pub(super) struct Units {
    clock: Clock,
    ours: HashSet<LaunchId>,
    there: BTreeMap<UnitId, Tracked>,
    /// Gone, and not told so far.
    gone: Vec<Arc<Unit>>,
}

impl Default for Units {
    fn default() -> Self {
        Self { clock: Clock::system(), ours: HashSet::new(), there: BTreeMap::new(), gone: Vec::new() }
    }
}

impl Units {
    /// A launch was prepared in this process.
    pub(super) fn prepared(&mut self, launch: &LaunchId) {
        self.ours.insert(launch.clone());
    }

    pub(super) fn is_ours(&self, launch: &LaunchId) -> bool {
        self.ours.contains(launch)
    }

    /// An earlier process had this agent: it is gone with it, and the scheduler may not have noticed.
    pub(super) fn left(&mut self, unit: &UnitId, launch: &LaunchId) {
        let cause = ExitCause::Lost("the process that it was in has ended".to_owned());
        let state = UnitState::Gone(Exit { cause, asked: false, sure: true });
        let unit = self.unit(unit, launch, &Tier::default(), state);
        self.gone.push(Arc::new(unit));
    }

    pub(super) fn has(&self, unit: &UnitId) -> bool {
        self.there.contains_key(unit) || self.gone.iter().any(|gone| gone.id == *unit)
    }

    pub(super) fn begun(
        &mut self,
        unit: &UnitId,
        launch: &LaunchId,
        tier: &Tier,
        questions: mpsc::UnboundedSender<Question>,
    ) {
        let tracked = Tracked { unit: Arc::new(self.unit(unit, launch, tier, UnitState::Starting)), questions };
        self.there.insert(unit.clone(), tracked);
    }

    fn unit(&self, id: &UnitId, launch: &LaunchId, tier: &Tier, state: UnitState) -> Unit {
        Unit {
            id: id.clone(),
            launch: Some(launch.clone()),
            state,
            since: self.clock.now(),
            tier: tier.clone(),
            workers: WorkerMatch::Exact(WorkerId::from(id.as_str())),
            notice: None,
        }
    }

    /// What an agent tells of itself.
    pub(super) fn hear(&mut self, unit: &UnitId, news: News) {
        let state = match news {
            News::Up => UnitState::Running,
            News::Leaving => UnitState::Stopping,
            News::Gone(exit) => UnitState::Gone(exit),
        };
        let since = self.clock.now();
        if matches!(state, UnitState::Gone(_)) {
            let tracked = self.there.remove(unit);
            self.gone.extend(tracked.map(|tracked| Arc::new(Unit { state, since, ..(*tracked.unit).clone() })));
        } else if let Some(tracked) = self.there.get_mut(unit) {
            tracked.unit = Arc::new(Unit { state, since, ..(*tracked.unit).clone() });
        }
    }

    /// Every agent of a launch, those included that are gone and were not told.
    pub(super) fn of_launch(&self, launch: &LaunchId) -> Vec<Arc<Unit>> {
        let all = self.there.values().map(|tracked| &tracked.unit).chain(&self.gone);
        all.filter(|unit| unit.launch.as_ref() == Some(launch)).cloned().collect()
    }

    /// Every agent, and once those that have gone.
    pub(super) fn look(&mut self) -> Vec<Arc<Unit>> {
        let mut all: Vec<Arc<Unit>> = self.gone.drain(..).collect();
        all.extend(self.there.values().map(|tracked| Arc::clone(&tracked.unit)));
        all
    }

    /// Asks an agent.
    pub(super) fn ask(&self, unit: &UnitId, how: Stop) -> Asked {
        let Some(tracked) = self.there.get(unit) else { return Asked::Gone };
        if tracked.unit.state == UnitState::Stopping {
            // It hears nobody any more.
            return Asked::Said(if how == Stop::Resume { StopAnswer::Busy } else { StopAnswer::Accepted });
        }
        let (reply, answer) = oneshot::channel();
        match tracked.questions.send((how, reply)) {
            Ok(()) => Asked::Waits(answer),
            Err(_) => Asked::Gone,
        }
    }
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Asked {
    /// The agent will answer.
    Waits(oneshot::Receiver<StopAnswer>),
    /// The answer is known.
    Said(StopAnswer),
    /// There is no such agent.
    Gone,
}
