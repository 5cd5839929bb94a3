//! Whole-process tests: released scheduler, released clients, and `scaler-wm baremetal_native`.

mod command_line;
mod deaths;
mod keep;
mod local_policy;
mod manager;
mod provider;
mod rebalance;
mod record;
mod scale_down;
mod scaling;
