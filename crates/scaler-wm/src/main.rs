#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(any(feature = "batch", feature = "symphony"))]
mod agents;
mod backends;
mod cli;
mod config;
mod control;
#[cfg(feature = "control")]
mod ctl;
mod doctor;
mod exit;
mod file;
mod follow;
mod logging;
mod manage;
mod notify;
mod peers;
mod plain;
mod policy;
mod preflight;
#[cfg(feature = "provision")]
mod provision;
#[cfg(feature = "simulate")]
mod record;
mod run;
mod signals;
#[cfg(feature = "simulate")]
mod simulate;
mod state;
#[cfg(feature = "top")]
mod top;
mod up;
mod wrap;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()).and_then(run::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
