//! Workers on this machine that outlive their manager.

use scaler_wm_tests::{Manager, ManagerOptions, Proc, Result, Stack, descendants};

use crate::planted::{is_refused, options, plant_socket, settled, state, told};

const KEEP: [&str; 2] = ["--on-exit", "keep"];

/// Two managers that keep two workers each.
fn keeping() -> Result<(Stack, ManagerOptions, Manager, Manager)> {
    let stack = Stack::start(told())?;
    let ours = options("wm1", &KEEP);
    let first = stack.connected_manager(&ours)?;
    let other = stack.manager(&options("other", &KEEP))?;
    stack.wish(2)?;
    stack.until("two workers of each on record", 30.0, || {
        let both = ["wm1", "other"].map(|id| settled(&stack, id));
        (both == [Some(2), Some(2)] && stack.connected() == 4).then_some(())
    })?;
    Ok((stack, ours, first, other))
}

#[test]
fn workers_that_a_killed_manager_leaves_are_found_and_ended() -> Result<()> {
    let (stack, ours, mut killed, other) = keeping()?;
    let before: Vec<Proc> = descendants(other.pid());
    killed.kill();
    let socket = plant_socket(&stack, "wm1");

    let report = stack.doctor(&ours, &["--json"])?;
    let found = report.found()?;
    let count = |state: &str| found.values().filter(|found| *found == state).count();
    let is_right = found.len() == 4 && count("waiting") == 2 && count("in_use") == 1 && found[&socket] == "unused";
    stack.check(is_right && report.code == Some(1), "workers, helper, socket", format!("{report:?}"))?;
    println!("{}", stack.doctor(&ours, &[])?.output);
    let refused = stack.doctor(&ours, &["--delete"])?;
    stack.check(is_refused(&refused), "a refusal", format!("{refused:?}"))?;
    stack.check(stack.connected() == 4, "all of them still there", stack.connected())?;

    let report = stack.doctor(&ours, &["--delete", "--yes"])?;
    println!("{}{}", report.output, report.errors);
    stack.check(report.code == Some(0), "a good end", format!("{report:?}"))?;
    // Only the other's are left.
    stack.until_connected(2, 20.0)?;
    stack.until("no process of the killed one", 10.0, || {
        let left = stack.manager_processes();
        let is_others = |left: &Proc| left.pid == other.pid() || before.iter().any(|known| known.pid == left.pid);
        left.iter().all(is_others).then_some(())
    })?;
    let report = stack.doctor(&ours, &["--json"])?;
    stack.check(report.code == Some(0) && report.found()?.is_empty(), "nothing any more", format!("{report:?}"))
}

#[test]
fn a_socket_that_a_killed_helper_leaves_is_found_and_removed() -> Result<()> {
    let (stack, ours, mut killed, _other) = keeping()?;
    let helper = killed.helper().expect("a helper");
    killed.kill();
    helper.kill();
    // Its workers notice, and leave.
    stack.until_connected(2, 30.0)?;
    let socket = state(&stack, "wm1").join("helper.sock");
    stack.check(socket.exists(), "the socket", "it is gone")?;
    let report = stack.doctor(&ours, &["--json"])?;
    let found = report.found()?;
    let is_right = found.get(&*socket.to_string_lossy()).is_some_and(|state| state == "unused");
    stack.check(is_right && report.code == Some(1), "the socket that nobody needs", format!("{report:?}"))?;
    let report = stack.doctor(&ours, &["--delete", "--yes", "--json"])?;
    stack.check(report.code == Some(0) && !socket.exists(), "it removed", format!("{report:?}"))
}

#[test]
fn nothing_of_a_manager_that_runs_is_deleted() -> Result<()> {
    let (stack, ours, running, _other) = keeping()?;
    let report = stack.doctor(&ours, &["--delete", "--yes"])?;
    let is_told = report.output.contains(&format!("process {} runs it", running.pid()));
    stack.check(is_told, "who runs it", format!("{report:?}"))?;
    stack.check(!report.errors.contains("deleting"), "nothing deleted", format!("{report:?}"))?;
    stack.check(stack.connected() == 4, "all of them still there", stack.connected())
}
