//! `scaler-wm preflight` against released schedulers and emulators: each fault planted once, and each found.

mod batch;
mod ec2;
mod ecs;
mod file;
mod native;
mod orb;
mod setup;
mod symphony;
