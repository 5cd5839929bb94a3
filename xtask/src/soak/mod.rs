//! `cargo xtask soak`: longer looks at one property. (`soak fuzz` and `soak dist` are in `fuzz.rs` and `dist/again.rs`.)

mod budget;
mod chaos;
mod kills;
mod rebalance;
mod stack;
mod starts;

pub(crate) use budget::budget;
pub(crate) use chaos::chaos;
pub(crate) use kills::{ec2, ecs};
pub(crate) use rebalance::rebalance;
pub(crate) use stack::stack;
pub(crate) use starts::{churn, consent};
