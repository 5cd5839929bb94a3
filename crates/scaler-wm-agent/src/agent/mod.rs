//! One worker: its connection to the scheduler, its queue, and the tasks that it has handed over.

mod book;
mod host;
mod leave;
mod outbox;
mod pulse;
mod queue;
mod run;
mod say;
mod says;
mod task;
mod wire;

pub(crate) use run::Agent;
use scaler_wm_core::{Exit, Stop, StopAnswer, UnitId};
use tokio::sync::oneshot;

/// A question, and whoever waits for the answer.
pub(crate) type Question = (Stop, oneshot::Sender<StopAnswer>);

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
