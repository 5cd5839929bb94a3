//! How long a finished task takes until its result is announced, while many others run in the same agent.
//!
//! `latency_bench STORAGE RUNNING TASKS`: so many run all the time; the others end one after the other. The object storage
//! is a real one, the scheduler a stand-in in this process; the agent has a thread of its own. Between two ends an object is
//! stored without the agent: what a busy machine does to that, it does to the agent too. Prints JSON, in microseconds.

#[path = "../instant/executor.rs"]
mod executor;
#[path = "../stand_in/scheduler.rs"]
mod scheduler;

use std::{
    env,
    error::Error,
    future::pending,
    num::NonZeroU32,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use executor::InstantExecutor;
use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_core::{Address, Clock, ManagerId, Provider, TaskId, Tier};
use scaler_wm_journal::MemoryJournal;
use scaler_wm_wire::message;
use scheduler::{Heard, Scheduler};
use serde_json::{Value, json};
use tokio::{runtime, time::sleep};

/// Ends that are not counted.
const WARM_UP: usize = 50;
/// Tasks have an argument, and a result, of so many bytes.
const BYTES: u32 = 1024;
/// Between an announcement and the next end.
const PAUSE: Duration = Duration::from_millis(2);
/// All tasks run within this time.
const PATIENCE: Duration = Duration::from_secs(60);

type Provides = Arc<AgentProvider<InstantExecutor>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("give {what}"));
    let mut scheduler = Scheduler::start(next("the object storage's address")?.parse()?).await?;
    let running: usize = next("how many run all the time")?.parse()?;
    let ending: usize = next("how many end")?.parse()?;

    let tasks = scheduler.tasks(running + WARM_UP + ending, BYTES).await?;
    let provider = agent(scheduler.address().clone(), u32::try_from(tasks.len())?)?;
    scheduler.next().await?;
    scheduler.give(&tasks)?;
    let began = Instant::now();
    // Every task runs, and a heartbeat says that none waits.
    while !matches!(scheduler.next().await?, Heard::Beat(0)) || provider.executor().held().len() < tasks.len() {
        if began.elapsed() > PATIENCE {
            return Err("not all tasks run in time".into());
        }
    }

    // Not in the order in which they came.
    let mut order: Vec<_> = tasks.iter().map(|task| &task.id).collect();
    fastrand::shuffle(&mut order);
    let (mut took, mut stored) = (Vec::with_capacity(ending), Vec::with_capacity(ending));
    for (number, task) in order.into_iter().take(WARM_UP + ending).enumerate() {
        sleep(PAUSE).await;
        let began = Instant::now();
        scheduler.store(BYTES).await?;
        stored.push(began.elapsed());
        sleep(PAUSE).await;
        let ended = Instant::now();
        if !provider.executor().end(&TaskId::from(task.as_bytes())) {
            return Err("a task that was held does not end".into());
        }
        until_ended(&mut scheduler, task).await?;
        if number >= WARM_UP {
            took.push(ended.elapsed());
        }
    }
    // Those that ran all the time are none the worse for it.
    let others = provider.executor().held();
    provider.executor().hold(false);
    for task in &others {
        provider.executor().end(task);
        until_ended(&mut scheduler, &message::TaskId::from(task.as_bytes())).await?;
    }

    println!("{}", json!({"ended": shares(took), "stored": shares(stored), "others": others.len()}));
    Ok(())
}

fn shares(mut took: Vec<Duration>) -> Value {
    took.sort_unstable();
    let share = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1e6;
    json!({"p50": share(50), "p99": share(99), "most": share(100)})
}

/// Waits until the worker announces this task, and no other.
async fn until_ended(scheduler: &mut Scheduler, task: &message::TaskId) -> Result<(), Box<dyn Error>> {
    loop {
        match scheduler.next().await? {
            Heard::Ended(ended, true) if ended == *task => return Ok(()),
            Heard::Ended(..) => return Err("another task has ended, or it has failed".into()),
            Heard::Beat(_) => {}
        }
    }
}

/// Starts an agent in a thread of its own.
fn agent(scheduler: Address, concurrency: u32) -> Result<Provides, Box<dyn Error>> {
    let concurrency = NonZeroU32::new(concurrency).ok_or("give at least one task")?;
    let (tell, started) = mpsc::channel();
    thread::spawn(move || {
        let work = async {
            let started = start(scheduler, concurrency).await.map_err(|error| error.to_string());
            let is_up = started.is_ok();
            // Fails only when nobody waits for it any more.
            drop(tell.send(started));
            if is_up {
                pending::<()>().await;
            }
        };
        match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(work),
            Err(error) => eprintln!("no runtime: {error}"),
        }
    });
    Ok(started.recv()??)
}

async fn start(scheduler: Address, concurrency: NonZeroU32) -> Result<Provides, Box<dyn Error>> {
    let config =
        AgentConfig { concurrency, queue_size: concurrency, ..AgentConfig::new(scheduler, ManagerId::from("latency")) };
    let provider = AgentProvider::start(config, InstantExecutor::new(true), Arc::new(MemoryJournal::new())).await?;
    let launch = provider.prepare(NonZeroU32::MIN, &Tier::default(), Clock::system().now())?;
    provider.launch(&launch).await?;
    Ok(Arc::new(provider))
}
