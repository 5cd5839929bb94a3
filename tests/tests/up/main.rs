//! Whole-process tests: a whole stack from one file (`scaler-wm up`, `scaler`), and managers in fixed mode.

mod deaths;
mod fixed;
mod logs;
mod managers;
mod names;
mod policy;
mod refusals;
mod secure;
mod signals;
mod whole;
