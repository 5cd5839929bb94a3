//! One worker: its connection to the scheduler, its queue, and the tasks that it has handed over.

mod book;
mod host;
mod leave;
mod outbox;
mod pulse;
mod queue;
mod run;
mod say;
mod task;
mod wire;

use std::time::Duration;

pub(crate) use run::Agent;
use scaler_wm_core::{Exit, StopAnswer, UnitId};
use tokio::sync::oneshot;

/// What an agent is asked.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Leave, but only if there is nothing to do.
    IfIdle,
    /// Finish what runs, give back what waits, leave; at the latest after this time.
    HandBack(Duration),
    /// The same whenever that is, but only if something waits.
    Relieve,
    /// Go on as before.
    Resume,
    /// Start nothing further, without leaving.
    Hold,
    /// Cancel what runs, and leave.
    Now,
}

/// A question, and whoever waits for the answer.
pub(crate) type Question = (Ask, oneshot::Sender<StopAnswer>);

/// What an agent tells of itself.
#[derive(Debug)]
pub(crate) enum News {
    /// The scheduler answers it.
    Up,
    /// It is on its way out.
    Leaving,
    /// It has ended.
    Gone(Exit),
}

/// What hears the news of all agents.
pub(crate) type Tell = std::sync::Arc<dyn Fn(&UnitId, News) + Send + Sync>;
