//! The link to a released scheduler: its wire tells what to want, its monitor what is busy.

mod convert;
mod doubts;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod gone;
mod mailbox;
mod monitor;
mod pace;
mod scaler;
mod scheduler;
mod settings;
mod tracker;

pub use scaler::ScalerLink;
pub use settings::LinkSettings;
