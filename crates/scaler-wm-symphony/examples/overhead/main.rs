//! What a task costs on its way through the executor and a library, and what it weighs there: prints JSON.
//!
//! `overhead LIBRARY TASKS`: over a library that answers at once, nanoseconds per task; what its payload takes, written
//! and read by itself, beside it. `overhead LIBRARY TASKS alone`: what the library takes of that, called without us.
//! `overhead LIBRARY TASKS held`: over one that does not answer, bytes that are resident. Tasks go out by the thousand.

mod alone;

use std::{
    env,
    error::Error,
    fs,
    future::ready,
    hint::black_box,
    io::Write,
    time::{Duration, Instant},
};

use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use scaler_wm_agent::payload::{Envelope, read_result};
use scaler_wm_core::{Inputs, Submission, TaskExecutor, TaskId, TaskOutcome};
use scaler_wm_symphony::{SymphonyConfig, SymphonyExecutor};
use serde_json::{Value, json};

/// About what the serializer of released clients, a short function and a small argument take.
const PARTS: [usize; 3] = [60, 400, 64];
/// What a library that answers at once answers.
const ANSWER: &[u8] = b"\x80\x03C\x05\x00pong.";
/// Tasks that are handed over together: as many as the executor takes.
const BATCH: usize = 1000;
const ROUNDS: usize = 9;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("give {what}"));
    let (library, tasks) = (next("a library")?, next("how many tasks")?.parse::<usize>()?);
    let what = arguments.next();
    if !tasks.is_multiple_of(BATCH) {
        return Err("give a multiple of a thousand tasks".into());
    }
    let config = SymphonyConfig { library: library.into(), ..SymphonyConfig::new("Overhead") };
    let figures = match what.as_deref() {
        None => costs(&SymphonyExecutor::start(config).await?, tasks).await?,
        Some("alone") => alone::costs(&config.library, tasks)?,
        Some("held") => held(&SymphonyExecutor::start(config).await?, tasks).await?,
        Some(other) => return Err(format!("give `alone`, `held` or nothing instead of `{other}`").into()),
    };
    println!("{figures}");
    std::io::stdout().flush()?;
    // A library that does not answer is in no hurry to let go of its tasks either.
    std::process::exit(0);
}

/// What a task costs from its submission to its completion, in the middle of some rounds.
async fn costs(executor: &SymphonyExecutor, tasks: usize) -> Result<Value> {
    let inputs = inputs();
    let [mut time, mut cpu, mut payload, mut rest] = [const { Vec::new() }; 4];
    // The first ones warm up, and are not counted.
    for round in 0..=ROUNDS {
        let batches = batches(&inputs, tasks);
        let (began, cpu_began) = (Instant::now(), cpu_now());
        tokio::try_join!(submit(executor, batches), take(executor, tasks))?;
        let (took, cpu_took) = (began.elapsed(), cpu_now() - cpu_began);
        let envelope = payloads(&inputs, tasks)?;
        if round > 0 {
            time.push(took);
            cpu.push(cpu_took);
            payload.push(envelope);
            rest.push(cpu_took.saturating_sub(envelope));
        }
    }
    let per_task = |took| median(took).as_secs_f64() * 1e9 / tasks as f64;
    let [time_ns, cpu_ns, payload_ns, rest_ns] = [time, cpu, payload, rest].map(per_task);
    Ok(json!({"time_ns": time_ns, "cpu_ns": cpu_ns, "payload_ns": payload_ns, "rest_ns": rest_ns}))
}

/// What is resident before and with so many tasks out there.
async fn held(executor: &SymphonyExecutor, tasks: usize) -> Result<Value> {
    let inputs = inputs();
    let before = resident("VmRSS:")?;
    for _ in 0..tasks / BATCH {
        // One batch at a time: they are not to weigh anything themselves.
        submit(executor, batches(&inputs, BATCH)).await?;
    }
    tokio::select! {
        biased;
        completion = executor.next() => return Err(format!("a task has ended: {completion:?}").into()),
        () = ready(()) => {}
    }
    Ok(json!({"before": before, "after": resident("VmRSS:")?, "peak": resident("VmHWM:")?}))
}

async fn submit(executor: &SymphonyExecutor, batches: Vec<Vec<Submission>>) -> Result<()> {
    for batch in batches {
        for (_, ticket) in executor.submit(batch).await {
            ticket?;
        }
    }
    Ok(())
}

async fn take(executor: &SymphonyExecutor, tasks: usize) -> Result<()> {
    for _ in 0..tasks {
        let completion = executor.next().await;
        if !matches!(completion.outcome, TaskOutcome::Returned(_)) {
            return Err(format!("a task has ended otherwise: {completion:?}").into());
        }
    }
    Ok(())
}

/// Processor time for the payloads of as many tasks, and their answers.
fn payloads(inputs: &Inputs, tasks: usize) -> Result<Duration> {
    let answer = Bytes::from_static(ANSWER);
    // Like the executor: into the same buffer.
    let mut payload = Vec::new();
    let began = cpu_now();
    for _ in 0..tasks {
        Envelope::new(black_box(inputs))?.write_tuple(&mut payload);
        black_box(&payload);
        black_box(read_result(black_box(&answer))?);
    }
    Ok(cpu_now() - began)
}

fn inputs() -> Inputs {
    let [serializer, function, argument] =
        PARTS.map(|length| Bytes::from((0..length).map(|_| fastrand::u8(..)).collect::<Vec<u8>>()));
    Inputs { serializer, function, arguments: vec![argument] }
}

fn batches(inputs: &Inputs, tasks: usize) -> Vec<Vec<Submission>> {
    let client = Bytes::from_static(b"Client|overhead");
    let submission = || {
        let task = TaskId::from(&fastrand::u128(..).to_le_bytes());
        Submission { task, client: client.clone(), inputs: inputs.clone() }
    };
    (0..tasks / BATCH).map(|_| (0..BATCH).map(|_| submission()).collect()).collect()
}

/// Processor time of all threads so far.
fn cpu_now() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}

/// In bytes.
fn resident(field: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("the kernel tells nothing of memory")?;
    Ok(kib.parse::<u64>()? * 1024)
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}
