//! What decisions and allocations cost: prints `NAME MICROSECONDS` lines. `tests/python/policy_bench.py` does the same
//! with the released package.

use std::{hint::black_box, time::Instant};

use scaler_wm_core::{
    Capabilities, Limit, ManagerId, TaskId, WorkerId,
    policy::{Allocator, Change, Engine, Offer, Policy, PolicyError},
};

/// What tasks need, by turns.
const NEEDS: [&str; 4] = ["", "gpu", "linux", "gpu,linux"];
const WORKERS: u32 = 1_000;
const TASKS: u32 = 100_000;
/// Each figure is the median of so many.
const ROUNDS: usize = 9;

fn main() -> Result<(), PolicyError> {
    for (name, engine_type, content) in [
        ("vanilla", "simple", "allocate=even_load; scaling=vanilla"),
        ("capability", "simple", "allocate=capability; scaling=capability"),
        ("waterfall", "waterfall_v1", "1,m2,10\n2,m1,1000"),
    ] {
        for tasks in [TASKS, 10 * TASKS] {
            let engine = engine(&Policy::new(engine_type, content)?, tasks);
            let manager = ManagerId::from("m1");
            let one = || {
                let calls = 10_000;
                let began = Instant::now();
                for _ in 0..calls {
                    black_box(engine.decide(black_box(&manager)));
                }
                micros(began) / f64::from(calls)
            };
            println!("{name}_decision_{tasks} {:.3}", median(one));
        }
    }
    for name in ["even_load", "capability"] {
        let policy = Policy::new("simple", &format!("allocate={name}; scaling=no"))?;
        let tasks: Vec<(TaskId, Capabilities)> = (0..TASKS).map(task).collect();
        let (mut assigns, mut removes) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let mut allocator = with_workers(&policy);
            let began = Instant::now();
            for (task, needs) in &tasks {
                black_box(allocator.assign(task.clone(), needs));
            }
            assigns.push(micros(began) / f64::from(TASKS));
            let began = Instant::now();
            for (task, _) in &tasks {
                black_box(allocator.remove_task(task));
            }
            removes.push(micros(began) / f64::from(TASKS));
        }
        println!("{name}_assign {:.3}", middle(assigns));
        println!("{name}_remove {:.3}", middle(removes));

        let mut allocator = with_workers(&policy);
        for (task, needs) in &tasks {
            allocator.assign(task.clone(), needs);
        }
        allocator.add_worker(WorkerId::from("idle"), &capabilities("gpu,linux"), TASKS as usize);
        let balance = || {
            let began = Instant::now();
            black_box(allocator.balance());
            micros(began)
        };
        println!("{name}_balance {:.3}", median(balance));
    }
    Ok(())
}

/// Half of the workers are of each of two managers.
fn engine(policy: &Policy, tasks: u32) -> Engine {
    let mut engine = policy.engine();
    for (id, capabilities) in (0..tasks).map(task) {
        engine.apply(Change::TasksAdded { id, capabilities, count: 1 });
    }
    for number in 0..WORKERS {
        let manager = Some(ManagerId::from(if number < WORKERS / 2 { "m1" } else { "m2" }));
        engine.apply(Change::WorkerConnected { worker: WorkerId::from(&number.to_be_bytes()), manager });
    }
    for (manager, can) in [("m1", "gpu,linux"), ("m2", "")] {
        let offer = Offer::new(Limit::AtMost(2 * WORKERS), capabilities(can));
        engine.apply(Change::ManagerHeartbeat { manager: ManagerId::from(manager), offer });
    }
    engine
}

/// Half of the workers have every capability, half have one.
fn with_workers(policy: &Policy) -> Box<dyn Allocator> {
    let mut allocator = policy.allocator();
    for number in 0..WORKERS {
        let can = capabilities(if number % 2 == 1 { "gpu,linux" } else { "linux" });
        allocator.add_worker(WorkerId::from(&number.to_be_bytes()), &can, TASKS as usize);
    }
    allocator
}

fn task(number: u32) -> (TaskId, Capabilities) {
    let id = u128::from(number).to_be_bytes();
    (TaskId::from(&id), capabilities(NEEDS[number as usize % NEEDS.len()]))
}

fn capabilities(text: &str) -> Capabilities {
    text.split(',').filter(|name| !name.is_empty()).map(|name| (name, -1)).collect()
}

fn median(mut one: impl FnMut() -> f64) -> f64 {
    middle((0..ROUNDS).map(|_| one()).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}
