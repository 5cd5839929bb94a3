//! What happens when a part ends, or `up` itself.

use scaler_wm_tests::{LATEST, Proc, Result, Script, UpStack, is_listening};

/// A manager that has workers soon, with queues so short that tasks wait for them.
const QUICK: &str = "heartbeat_interval_seconds = 1\nper_worker_task_queue_size = 8\n";

/// Everything, with a fixed manager of one worker.
fn everything(stack: &UpStack) -> String {
    let fixed = stack.manager_section("fix", 1, "mode = \"fixed\"\nper_worker_task_queue_size = 8\n");
    stack.core_and(&fixed) + &*stack.gui_section()
}

/// A part that is killed ends everything, and is named.
fn killed(section: &str, program: &str) -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let mut up = stack.all_up(&everything(&stack), &[])?;
    stack.part(&up, program)?.kill();
    stack.until_ended(&mut up, 1, 15.0)?;
    let is_named = up.says(&["error:", &format!("{section} failed"), "signal 9"]);
    stack.check(is_named, "the part and the signal named", up.errors().tail(10))?;
    let others = ["gui ", "baremetal_native fix ", "scheduler ", "object_storage_server "];
    for other in others.into_iter().filter(|other| other.trim() != section) {
        stack.check(up.says(&[other, " stopped"]), "the others stopped one by one", other)?;
    }
    Ok(())
}

#[test]
fn a_killed_object_storage_ends_everything() -> Result<()> {
    killed("object_storage_server", "scaler_object_storage_server")
}

#[test]
fn a_killed_scheduler_ends_everything() -> Result<()> {
    killed("scheduler", "scaler_scheduler")
}

#[test]
fn a_killed_gui_ends_everything() -> Result<()> {
    killed("gui", "scaler_gui")
}

/// A manager in fixed mode is done when its last worker has ended; then everything is.
#[test]
fn everything_ends_with_the_last_worker_of_a_fixed_manager() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let mut up = stack.all_up(&everything(&stack), &[])?;
    stack.until("its worker", 20.0, || (up.scheduler().connected().len() == 1).then_some(()))?;
    let worker = worker(&stack)?;
    worker.kill();
    stack.until_ended(&mut up, 0, 15.0)?;
    let is_said = up.says(&["stopping everything", "baremetal_native fix has ended"]);
    stack.check(is_said, "the reason said", up.errors().tail(10))
}

/// The one worker: what holds a connection to the scheduler, and is no part itself.
fn worker(stack: &UpStack) -> Result<Proc> {
    stack.until("a connected worker", 5.0, || {
        let connected = scaler_wm_tests::with_connection_to(stack.ports().scheduler, stack.processes());
        connected.into_iter().find(|process| !process.command.contains("/scaler_") && !process.command.contains(" up "))
    })
}

/// `kill -9` of `up` while tasks run: nothing is left, and every port is free.
#[test]
fn nothing_outlives_a_killed_up() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let dynamic = stack.manager_section("dyn", 1, QUICK);
    let mut up = stack.all_up(&(everything(&stack) + &*dynamic), &[])?;
    let client = stack.client(&Script::Held { tasks: 20 })?;
    stack.until("a task on each of 2 workers", 20.0, || {
        let workers: std::collections::HashSet<i32> = client.starts().all().iter().map(|start| start.worker).collect();
        (workers.len() == 2).then_some(())
    })?;
    up.kill();
    nothing_left(&stack)
}

/// The same while parts are still starting.
#[test]
fn nothing_outlives_an_up_that_is_killed_while_it_starts() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let mut up = stack.up(&everything(&stack), &[])?;
    stack.until_said(&mut up, &["scheduler", "starting"], 20.0)?;
    up.kill();
    nothing_left(&stack)
}

fn nothing_left(stack: &UpStack) -> Result<()> {
    stack.until_nothing_left(5.0)?;
    let ports = stack.ports();
    let ports = [ports.scheduler, ports.storage, ports.monitor, stack.gui_port()];
    stack.check(!ports.into_iter().any(is_listening), "every port free", format!("{ports:?}"))
}
