//! `scaler-wm doctor` against what killed managers leave: each fault planted once, each found, and nobody else's hurt.

mod asked;
mod batch;
mod ec2;
mod ecs;
mod native;
mod orb;
mod planted;
mod question;
mod symphony;
