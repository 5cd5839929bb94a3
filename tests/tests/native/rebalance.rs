//! Taking work back by consent: mixed workloads from seeds, and the case that it is for.

use scaler_wm_tests::{LATEST, ManagerOptions, OLDEST, Result, Script, Stack, StackOptions, Workload};

/// Every seed goes well, whatever is taken back meanwhile. Gives the hand-backs done.
fn go_well(release: &'static str, seeds: impl IntoIterator<Item = u64>) -> Result<usize> {
    let mut relieved = 0;
    for seed in seeds {
        let tally = Workload { release, seed, binary: None, environment: Vec::new() }.run()?;
        println!("{tally}");
        relieved += tally.relieved;
        if let Some(evidence) = tally.evidence {
            return Err(evidence);
        }
    }
    Ok(relieved)
}

#[test]
fn mixed_workloads_1_to_6() -> Result<()> {
    let relieved = go_well(LATEST, 1..=6)?;
    assert!(relieved > 0, "nothing was handed back, so nothing was tested");
    Ok(())
}

#[test]
fn mixed_workloads_7_to_12() -> Result<()> {
    let relieved = go_well(LATEST, 7..=12)?;
    assert!(relieved > 0, "nothing was handed back, so nothing was tested");
    Ok(())
}

#[test]
fn mixed_workloads_13_to_16_with_the_oldest_release() -> Result<()> {
    go_well(OLDEST, 13..=16).map(drop)
}

#[test]
fn mixed_workloads_17_to_20_with_the_oldest_release() -> Result<()> {
    go_well(OLDEST, 17..=20).map(drop)
}

/// What took work back from a worker, in many tasks of 0.2 s at once with all at its default: the first worker that
/// connects is given all of them.
struct TakenBack {
    /// Workers asked to hand back.
    asked: usize,
    /// How often the scheduler balanced by itself.
    balanced: usize,
}

fn hoard(release: &'static str, tasks: u32, extra: &[&str], within: f64) -> Result<TakenBack> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let extra = extra.iter().map(|word| (*word).to_owned()).collect();
    let manager = stack.connected_manager(&ManagerOptions { extra, ..ManagerOptions::default() })?;
    let mut client = stack.client(&Script::Burst { tasks, seconds: 0.2 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    let repeated = client.starts().repeated();
    stack.check(repeated.is_empty(), "no task started twice", format!("{repeated:?}"))?;
    let peak = stack.scheduler().peak();
    stack.check(peak <= 5, "never more than the limit and one spare", peak)?;
    stack.check(finished.seconds < within, &format!("all done within {within} s"), finished.seconds)?;
    let asked = manager.log().lines_with(&["asking a unit", "holds more than its share"]).len();
    let balanced = stack.scheduler().file().lines_with(&["balancing task"]).len();
    Ok(TakenBack { asked, balanced })
}

/// 80 tasks: one worker alone would take 16 s.
#[test]
fn a_hoarded_queue_is_handed_back() -> Result<()> {
    let TakenBack { asked, balanced } = hoard(LATEST, 80, &[], 9.0)?;
    assert!(asked >= 1, "no worker was asked to hand back; the scheduler balanced {balanced} times");
    Ok(())
}

/// The scheduler of this release may balance by itself, at its first look: then nothing is left to be done.
#[test]
fn a_hoarded_queue_is_handed_back_with_the_oldest_release() -> Result<()> {
    let TakenBack { asked, balanced } = hoard(OLDEST, 80, &[], 9.0)?;
    assert!(asked + balanced >= 1, "nobody took the hoard back");
    Ok(())
}

#[test]
fn nothing_is_taken_back_when_it_is_turned_off() -> Result<()> {
    let TakenBack { asked, .. } = hoard(LATEST, 30, &["--no-rebalance"], 30.0)?;
    assert_eq!(asked, 0, "workers asked to hand back");
    Ok(())
}
