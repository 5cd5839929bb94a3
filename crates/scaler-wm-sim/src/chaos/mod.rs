//! Whole managers among faults: crashes, errors, lost replies, stale lists, dying units, schedulers that come and go.
//!
//! A [`Scenario`] is all that a run depends on. It is made of a seed, or written down; the same scenario goes the same way,
//! every time, on paused time. What must hold is watched while it goes ([`Rule`]), and once the last fault is over everything
//! has to be as it is wanted, and then to go, without a rest. A scenario that breaks a rule is made shorter ([`shrink`])
//! until each event that is left is needed for it.
//!
//! Units, records and launches outlive the manager's processes, each of which has a runtime of its own: when a process is
//! killed its runtime is dropped, and with it whatever it was waiting for.

mod cloud;
mod event;
mod generate;
mod journal;
mod judge;
mod life;
mod link;
mod orders;
mod phase;
mod provider;
mod scenario;
mod shrink;
mod tally;
mod world;

pub use event::{Bad, CallKind, Event, Point, Spoiled, What, When, Write};
pub use judge::{Rule, Violation};
pub use life::Run;
pub use scenario::{Scenario, Setup};
pub use shrink::{Shrunk, shrink};
pub use tally::Tally;
