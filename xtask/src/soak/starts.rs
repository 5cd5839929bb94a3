//! `cargo xtask soak churn` and `soak consent`: no task starts twice while workers come and go, unless nobody asks them.

use std::path::Path;
use std::time::Instant;

use scaler_wm_tests::{Failure, ManagerKind, ManagerOptions, Result, Script, Stack, StackOptions};

use crate::{shell, terminal};

/// Rounds after which [`consent`] gives up.
const ROUNDS: u64 = 20;

/// Runs the double-start check with the workers' consent switched off until it reports a double start: a check that
/// cannot fail proves nothing.
pub(crate) fn consent() -> Result<()> {
    terminal::clean_up_on_signals()?;
    let binary = shell::build_binary(&["--release"])?;
    for seed in 1..=ROUNDS {
        let off = ("SCALER_WM_TEST_CONSENT".to_owned(), "off".to_owned());
        let round = round(seed, &binary, vec![off])?;
        println!("seed {seed}: {round}");
        if !round.repeated.is_empty() {
            println!("with consent switched off the check reports double starts, as it should");
            return Ok(());
        }
    }
    Err(Failure::new("see a double start with consent switched off", format!("there was none in {ROUNDS} rounds")))
}

/// Runs the double-start check with ever new seeds until it is interrupted or reports something.
pub(crate) fn churn(first: u64) -> Result<()> {
    terminal::clean_up_on_signals()?;
    let binary = shell::build_binary(&["--release"])?;
    for seed in first.. {
        let round = round(seed, &binary, Vec::new())?;
        println!("seed {seed}: {round}");
        if !round.repeated.is_empty() {
            return Err(Failure::new("see no task started twice", format!("seed {seed} did")));
        }
    }
    Ok(())
}

struct Round {
    seconds: f64,
    workers: usize,
    repeated: Vec<(u64, usize)>,
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seconds, workers, repeated } = self;
        write!(f, "600 tasks in {seconds:.1} s on {workers} workers, started twice: {}", repeated.len())
    }
}

fn round(seed: u64, binary: &Path, environment: Vec<(String, String)>) -> Result<Round> {
    let stack = Stack::start(StackOptions { churn: Some((seed, 4)), ..StackOptions::default() })?;
    let options = ManagerOptions {
        kind: ManagerKind::from_environment(),
        binary: Some(binary.to_owned()),
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        queue_size: Some(8),
        environment,
        ..ManagerOptions::default()
    };
    let _manager = stack.connected_manager(&options)?;
    let start = Instant::now();
    let mut client = stack.client(&Script::Counted { tasks: 600, seconds: 0.04 })?;
    let finished = client.finish(180.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    let workers = stack.scheduler().ever_connected();
    Ok(Round { seconds: start.elapsed().as_secs_f64(), workers, repeated: client.starts().repeated() })
}
