#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod address;
mod backoff;
mod capability;
mod check;
mod cooldown;
mod cut;
mod error;
mod executor;
mod fixed;
mod ids;
mod inventory;
mod journal;
mod link;
mod number;
mod provider;
mod seldom;
mod sizing;
mod time;
mod unit;

pub mod control;
pub mod files;
pub mod manager;
pub mod options;
pub mod plan;
pub mod policy;

pub use address::{Address, AddressError, Scheme};
pub use backoff::{Backoff, BackoffSettings};
pub use capability::{Capabilities, CapabilityError, NO_QUANTITY};
pub use check::{Check, Finding};
pub use cooldown::Cooldown;
pub use cut::cut;
pub use error::{Chain, Error, ErrorKind, Result};
pub use executor::{
    CancelOutcome, Close, Completion, ExecutorInfo, Inputs, Submission, TaskEntry, TaskExecutor, TaskJournal,
    TaskOutcome, Ticket,
};
pub use fixed::FixedLink;
pub use ids::{LaunchId, ManagerId, TaskId, Tier, Token, UnitId, WorkerId};
pub use inventory::{Inventory, InventoryInfo, Listing, OnRecord, Role, Thing};
pub use journal::{Entry, Journal};
pub use link::{LinkEvent, LinkFacts, Load, Request, SchedulerLink, Wish, WorkerLoad};
pub use manager::Manager;
pub use provider::{Launch, Launched, Observed, OpenLaunch, Provider, ProviderInfo, Receipt, Settled};
pub use seldom::Seldom;
pub use sizing::{Limit, Sizing};
pub use time::{Clock, Timestamp};
pub use unit::{Exit, ExitCause, Stop, StopAnswer, Unit, UnitState, WorkerMatch};
