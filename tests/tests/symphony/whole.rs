//! Released schedulers and clients, and managers whose tasks are tasks of Symphony.

use scaler_wm_tests::{Commanded, ManagerOptions, Result, Script, Stack, StackOptions};

use crate::setup::{ends_clean, start};

#[test]
fn tasks_of_every_kind_come_out_as_on_native_workers() -> Result<()> {
    let native = {
        let stack = Stack::start(StackOptions::default())?;
        let _manager = stack.connected_manager(&ManagerOptions { limit: 1, ..ManagerOptions::default() })?;
        stack.outcomes(1, 120.0)?.0
    };
    let (stack, symphony, mut manager) = start(&["--max-concurrent-tasks", "1", "-mtc", "1"])?;
    let (ours, marks) = stack.outcomes(1, 120.0)?;
    stack.check(ours.len() >= 20, "all cases", format!("{ours:#?}"))?;
    stack.check_same(&ours, &native)?;
    // What leaves a mark where it is unpickled has left one, and not in the manager.
    stack.check(!marks.is_empty() && !marks.contains(&manager.pid()), "marks of instances", format!("{marks:?}"))?;
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn hundreds_of_tasks_come_back() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    // Some come before their ids, some twice, and every 50th loses its instance.
    symphony.set_faults("output-early=7,output-twice=5,instance-killed=50")?;
    let mut client = stack.client(&Script::Workload { tasks: 400, seconds: 0.0 })?;
    let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 400, "400 right results", format!("{finished:?}"))?;
    println!("400 tasks in {:.1} s", finished.seconds);
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn a_task_is_canceled_where_it_waits_and_where_it_runs() -> Result<()> {
    for faults in ["", "cancel-unsupported"] {
        // The smaller number counts, and that is said with the flag that it comes from.
        let (stack, symphony, mut manager) = start(&["-mtc", "2"])?;
        let said = manager.log().lines_with(&["no more than 2 tasks", "max_concurrent_tasks is 100"]);
        let is_named = said.len() == 1 && said[0].contains("--max-task-concurrency");
        stack.check(is_named, "which number counts", manager.log().tail(20))?;
        symphony.set_faults(faults)?;
        let client = Commanded::new(&stack)?;
        client.submit(2)?;
        client.until_started(&[0, 1])?;
        client.submit(2)?;
        client.until_submitted(4)?;
        // It waits for a free place.
        client.cancel(3)?;
        client.cancel(0)?;
        client.until_started(&[0, 1, 2])?;
        client.finish_right(&[1, 2])?;
        ends_clean(&stack, &symphony, &mut manager)?;
    }
    Ok(())
}
