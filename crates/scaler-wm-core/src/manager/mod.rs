//! The loop: observe, plan, act.
//!
//! Level triggered: on every event and every tick the whole situation is looked at anew. Events only say that something
//! changed. Every call to the provider runs in a task of its own, so that one slow call hides no other.

mod act;
mod commands;
mod end;
mod fleet;
mod launches;
mod outcome;
mod part_index;
mod purse;
mod recall;
mod retries;
mod run;
mod says;
mod settings;
mod status;
mod tell;
mod tracked;
mod wants;

pub use run::Manager;
pub use settings::Settings;
pub use status::{Hold, Stage, Status, Summary, UnitStatus};
