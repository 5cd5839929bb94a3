//! The released manager: it shows that the harness is a place where a manager of ECS can work.

use std::time::Instant;

use scaler_wm_tests::{EcsStack, EcsStackOptions, LATEST, ManagerKind, ManagerOptions, Result, Script, Venv};

/// Virtual CPUs of a task, which has as many workers.
const CPUS: usize = 2;

#[test]
fn the_released_manager_brings_up_workers_in_tasks() -> Result<()> {
    // Before the clock runs.
    Venv::with_aws(LATEST, &|line| eprintln!("{line}"))?;
    let ecs = EcsStack::start(EcsStackOptions::default())?;
    let start = Instant::now();
    let mut manager = ecs.connected_manager(&ManagerOptions {
        kind: ManagerKind::Released,
        limit: 4,
        // Or the first worker would be given all tasks.
        queue_size: Some(4),
        extra: ["--ecs-task-cpu".to_owned(), CPUS.to_string()].to_vec(),
        ..ManagerOptions::default()
    })?;
    let connected = start.elapsed();
    let mut client = ecs.client(&Script::Workload { tasks: 60, seconds: 0.2 })?;
    let tasks = ecs.until_settled(2, 4, 30.0)?;
    let settled = start.elapsed();
    ecs.check(tasks.iter().all(|task| task.cluster == "scaler-cluster"), "the tasks of its cluster", "others")?;
    ecs.check(ecs.workers().len() >= 4, "the workers' processes", format!("{:?}", ecs.workers()))?;
    let finished = client.finish(30.0).map_err(|failure| ecs.explain(failure))?;
    ecs.check(finished.right, "the right results", format!("{finished:?}"))?;
    let worked = start.elapsed();
    manager.terminate();
    manager.wait(30.0).map_err(|failure| ecs.explain(failure))?;
    ecs.until_nothing_left(10.0)?;
    ecs.cloud.proxy.until_quiet(10.0)?;
    let calls = ecs.cloud.proxy.calls();
    ecs.check(calls.iter().any(|call| call.operation == "GetRole"), "a call of IAM", format!("{calls:?}"))?;
    println!(
        "the released manager: connected after {connected:.1?}, 4 workers in 2 tasks after {settled:.1?}, 60 tasks \
         done after {worked:.1?}, all gone after {:.1?}; {} calls",
        start.elapsed(),
        calls.len()
    );
    Ok(())
}
