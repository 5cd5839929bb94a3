//! What others say of it: the scheduler's log, `doctor`, `preflight`, and what systemd is told.

mod notified;
mod preflight;
mod scheduler_log;
mod told;

pub use notified::Notified;
pub use preflight::Looked;
pub use scheduler_log::{SchedulerLog, WorkerEvent};
pub use told::Told;
