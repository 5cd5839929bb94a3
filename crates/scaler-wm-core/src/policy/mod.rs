//! Policies: how much is asked of each manager, and which worker gets a task.
//!
//! An [`Engine`] is told of changes and answers, per manager, what a scheduler would ask of it now, with the cause as
//! data. An [`Allocator`] gives tasks to workers. Both are made of a [`Policy`], which is read from the strings that the
//! released scheduler takes, and give its answers (read off release 2.9.0) at a cost that does not grow with the number
//! of tasks. No clock, no I/O, no locks; only a [`Ledger`], which managers share where a policy has a budget, has one.
//!
//! ```
//! use scaler_wm_core::{Capabilities, Limit, ManagerId, TaskId, policy::{Change, Offer, Policy}};
//!
//! let mut engine = Policy::new("simple", "allocate=even_load; scaling=capability")?.engine();
//! let manager = ManagerId::from("local");
//! let offer = Offer::new(Limit::AtMost(8), Capabilities::default());
//! engine.apply(Change::ManagerHeartbeat { manager: manager.clone(), offer });
//! let capabilities = Capabilities::default();
//! engine.apply(Change::TasksAdded { id: TaskId::from("a task"), capabilities, count: 1 });
//!
//! let decision = engine.decide(&manager).expect("it is connected");
//! assert_eq!(decision.requests().expect("a command")[0].task_concurrency, 1);
//! assert_eq!(decision.because.to_string(), "1 task, one worker for 5: 1");
//! # Ok::<(), scaler_wm_core::policy::PolicyError>(())
//! ```
//!
//! An embedder's own policy implements [`Scaling`] and goes into [`Engine::new`].

mod allocation;
mod because;
mod by_names;
mod demand;
mod engine;
mod error;
mod facts;
mod keys;
mod ledger;
mod link;
mod parts;
mod samples;
mod scaling;
mod simple;
mod snapshot;
mod types;
mod usage;
mod waterfall;

pub use allocation::Allocator;
pub use because::{Because, Cap, CapSource, Decision, Part, Passed, Reason, Silence, Verdict};
pub use demand::{Demand, Need};
pub use engine::{Change, Engine};
pub use error::PolicyError;
pub use facts::{Facts, Offer};
pub use ledger::{AccountRecord, Budget, Cost, Ledger, Pricing};
pub use link::{PolicyLink, Wanted, Wishes};
pub use parts::{ALLOCATION_NAMES, SCALING_NAMES};
pub use scaling::Scaling;
pub use snapshot::{Snapshot, SnapshotManager, SnapshotTasks, SnapshotWorker};
pub use types::{ENGINE_TYPES, Policy};
