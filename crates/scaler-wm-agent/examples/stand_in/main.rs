//! A scheduler for one worker, and how long that takes for tasks: what is left is the worker and the object storage.
//!
//! `stand_in STORAGE TASKS BYTES FIRST`: each task has an argument of so many bytes; the first ones are not counted. Prints
//! events, one JSON object a line.

mod scheduler;

use std::{collections::HashSet, env, error::Error, time::Instant};

use scaler_wm_wire::message::{Task, TaskId};
use scheduler::{Heard, Scheduler};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("give {what}"));
    let mut scheduler = Scheduler::start(next("the object storage's address")?.parse()?).await?;
    let count: usize = next("how many tasks")?.parse()?;
    let bytes: u32 = next("the bytes of an argument")?.parse()?;
    let first: usize = next("how many are not counted")?.parse()?;

    let (tasks, warm_up) = (scheduler.tasks(count, bytes).await?, scheduler.tasks(first, bytes).await?);
    tell(&json!({"event": "listening", "address": scheduler.address().to_string()}));
    // Its first word is a heartbeat.
    scheduler.next().await?;
    let is_right = see_through(&mut scheduler, &warm_up).await?;
    tell(&json!({"event": "submitted", "tasks": count}));
    let began = Instant::now();
    let is_right = see_through(&mut scheduler, &tasks).await? && is_right;
    let seconds = began.elapsed().as_secs_f64();
    tell(&json!({"event": "finished", "done": count, "right": is_right, "seconds": seconds}));
    Ok(())
}

/// Gives the worker tasks and waits for them; whether each has ended once, and well.
async fn see_through(scheduler: &mut Scheduler, tasks: &[Task]) -> Result<bool, Box<dyn Error>> {
    let mut left: HashSet<&TaskId> = tasks.iter().map(|task| &task.id).collect();
    scheduler.give(tasks)?;
    let mut is_right = true;
    while !left.is_empty() {
        match scheduler.next().await? {
            Heard::Beat(queued) => tell(&json!({"event": "beat", "queued": queued})),
            Heard::Ended(task, is_well) => is_right &= left.remove(&task) && is_well,
        }
    }
    Ok(is_right)
}

fn tell(event: &Value) {
    println!("{event}");
}
