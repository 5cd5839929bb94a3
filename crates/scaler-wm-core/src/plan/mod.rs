//! What to do next, as a pure function of what is wanted, what is there, and what is busy.
//!
//! No clock, no I/O, no memory of its own: whatever must be remembered comes in with the [`Situation`] and goes out
//! with the [`Plan`]. The cost grows linearly with the number of units.

mod action;
mod decide;
mod ending;
mod rank;
mod rebalance;
mod situation;

pub use action::{Action, Cause, Plan};
pub use decide::plan;
pub use ending::plan_ending;
pub use rebalance::Rebalance;
pub use situation::{Abilities, Drain, Limits, Phase, Situation, TierView, UnitView, Work};
