//! `cargo xtask soak ecs` and `soak ec2`: managers of a cloud, killed at all moments.

use std::fs;

use scaler_wm_tests::{
    CloudStack, CloudStackOptions, Ec2Emulator, Ec2Options, Emulator, EmulatorOptions, Failure, Fell, KillTally,
    Killable, Result, StackOptions,
};

use crate::{shell, terminal};

/// Kills of [`ecs`] and [`ec2`].
const KILLS: u64 = 50;
/// How many of them have to fall into each window of a launch.
const IN_EACH_WINDOW: usize = 5;

/// Kills managers of ECS at all moments of launches and stops, and sees that the next ones make it good.
pub(crate) fn ecs(first: u64) -> Result<()> {
    kills::<Emulator>("ecs", EmulatorOptions { executes: false, ..EmulatorOptions::default() }, first)
}

/// Does the same to managers of EC2.
pub(crate) fn ec2(first: u64) -> Result<()> {
    kills::<Ec2Emulator>("ec2", Ec2Options { executes: false, ..Ec2Options::default() }, first)
}

/// `name` is that of the feature of the binary, too.
fn kills<E: Killable>(name: &str, emulator: E::Options, first: u64) -> Result<()> {
    terminal::clean_up_on_signals()?;
    let binary = shell::build_binary(&["--release", "--features", name])?;
    let stack = StackOptions { is_told: true, ..StackOptions::default() };
    let stack = CloudStack::<E>::start(CloudStackOptions { stack, emulator })?;
    let mut tally = KillTally::default();
    for seed in first..first + KILLS {
        println!("{}", tally.kill(&stack, seed, Some(binary.clone()))?);
    }
    println!("{tally}");
    let calls = shell::target().join(format!("soak-{name}-calls.jsonl"));
    fs::copy(stack.stack.folder().join("calls.jsonl"), &calls)
        .map_err(|error| Failure::new("keep the log of calls", error))?;
    println!("every call is in {}", calls.display());
    if !tally.is_good() {
        return Err(Failure::new("see every kill made good", "see above"));
    }
    let windows = [Fell::BeforeJournal, Fell::BeforeCall, Fell::BeforeSettling];
    match windows.into_iter().find(|window| tally.fell(*window) < IN_EACH_WINDOW) {
        Some(window) => Err(Failure::new(format!("hit {window:?} {IN_EACH_WINDOW} times"), tally.fell(window))),
        None => Ok(()),
    }
}
