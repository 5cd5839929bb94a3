//! What manager and helper say to each other: one JSON object a line. `python/helper.py` has the other side.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::NativeConfig;

/// The first line to the helper.
#[derive(Debug, Serialize)]
pub(crate) struct Hello<'a> {
    role: &'static str,
    config: Config<'a>,
}

#[derive(Debug, Serialize)]
struct Config<'a> {
    fork: bool,
    fork_processors: bool,
    hooks: bool,
    /// How long workers may take to leave when the manager is gone.
    end_seconds: f64,
    /// Where locks and the socket are; a helper that keeps nothing needs none.
    folder: Option<&'a str>,
    /// How long workers are kept for the next manager when this one is gone; `None` for not at all.
    keep_seconds: Option<f64>,
    /// What a manager must know to take this helper over.
    version: &'a str,
    /// How often to look whether the package has been replaced.
    upgrade_seconds: f64,
    worker: Worker<'a>,
}

/// The first line to a helper that another manager has left behind.
#[derive(Debug, Serialize)]
pub(crate) struct Claim {
    /// As in [`Hello`].
    pub(crate) keep_seconds: Option<f64>,
}

/// The parameters of the released class, by its own names; the name is each worker's own.
#[derive(Debug, Serialize)]
struct Worker<'a> {
    address: String,
    object_storage_address: Option<String>,
    event_loop: &'a str,
    preload: Option<&'a str>,
    capabilities: std::collections::BTreeMap<&'a str, i64>,
    io_threads: u32,
    task_queue_size: u32,
    heartbeat_interval_seconds: u32,
    garbage_collect_interval_seconds: u32,
    trim_memory_threshold_bytes: u64,
    task_timeout_seconds: u32,
    death_timeout_seconds: u32,
    hard_processor_suspend: bool,
    logging_paths: &'a [String],
    logging_level: &'a str,
    worker_manager_id: &'a str,
    tls_cert: Option<&'a str>,
    tls_key: Option<&'a str>,
}

impl<'a> Hello<'a> {
    pub(super) fn new(config: &'a NativeConfig, end_seconds: f64, version: &'a str) -> Self {
        let worker = &config.worker;
        Self {
            role: "helper",
            config: Config {
                fork: config.ways.fork_workers,
                fork_processors: config.ways.fork_processors,
                hooks: config.ways.hooks,
                end_seconds,
                folder: config.folder.as_deref().and_then(Path::to_str),
                keep_seconds: config.keep.map(|keep| keep.as_secs_f64()),
                version,
                upgrade_seconds: config.upgrade_check.as_secs_f64(),
                worker: Worker {
                    address: worker.scheduler_address.to_string(),
                    object_storage_address: worker.object_storage_address.as_ref().map(ToString::to_string),
                    event_loop: &worker.event_loop,
                    preload: worker.preload.as_deref(),
                    capabilities: worker.capabilities.iter().collect(),
                    io_threads: worker.io_threads,
                    task_queue_size: worker.task_queue_size,
                    heartbeat_interval_seconds: worker.heartbeat_interval_seconds,
                    garbage_collect_interval_seconds: worker.garbage_collect_interval_seconds,
                    trim_memory_threshold_bytes: worker.trim_memory_threshold_bytes,
                    task_timeout_seconds: worker.task_timeout_seconds,
                    death_timeout_seconds: worker.death_timeout_seconds,
                    hard_processor_suspend: worker.hard_processor_suspend,
                    logging_paths: &worker.logging_paths,
                    logging_level: &worker.logging_level,
                    worker_manager_id: worker.manager.as_str(),
                    tls_cert: worker.tls.as_ref().map(|(certificate, _)| certificate.as_str()),
                    tls_key: worker.tls.as_ref().map(|(_, key)| key.as_str()),
                },
            },
        }
    }
}

/// A line to the helper.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Command<'a> {
    /// Start a worker.
    Start { name: &'a str, launch: &'a str },
    /// Let every worker hand back, and end after the last one.
    Retire,
    /// Let every worker leave, and end.
    End,
    /// Ask one to end, or tell it.
    Stop { name: &'a str, how: How, within: f64, id: u64 },
}

/// How a worker is asked or told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// Leave if no task is there; the worker answers.
    IfIdle,
    /// Finish what runs, then leave; the worker answers.
    HandBack,
    /// The same, but only if something waits in it; the worker answers.
    Relieve,
    /// Take a hand-back or a hold back.
    Resume,
    /// Stand still.
    Hold,
    /// SIGINT: leave at once, dropping what runs; killed when that takes too long.
    Leave,
    /// SIGKILL to the worker and its processors.
    Now,
}

/// A line from the helper.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// It has imported the package and can start workers.
    Ready(Ready),
    /// It cannot work here, and ends.
    Fatal { reason: String, remedy: String },
    /// A worker runs.
    Started { name: String, pid: i32 },
    /// A worker could not be started.
    Failed { name: String, reason: String },
    /// A worker has ended and has been reaped.
    Exit { name: String, code: Option<i32>, signal: Option<i32>, asked: bool },
    /// A processor was ended by a signal, perhaps by its worker.
    Processor { name: String, signal: i32 },
    /// The installed package is another one now.
    Upgraded { from: String, to: String },
    /// What a worker, or the helper for it, says to a [`Command::Stop`].
    Answer { id: u64, answer: Answer },
}

/// What the helper has found out about its interpreter.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) package: String,
    pub(crate) python: String,
    pub(crate) executable: String,
    /// `fork` or `plain`.
    pub(crate) workers: String,
    /// `fork` or `spawn`.
    pub(crate) processors: String,
    pub(crate) hooks: bool,
    /// Why a plainer way was taken than asked for.
    pub(crate) notes: Vec<String>,
    /// Its own process.
    pub(crate) pid: i32,
    /// What it is and how it starts workers, as a digest: see [`super::version`].
    pub(crate) version: String,
    /// Workers of earlier managers; those that ended while nobody listened included.
    pub(crate) kept: Vec<Kept>,
}

/// A worker that an earlier manager has left behind.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) launch: String,
    pub(crate) pid: i32,
    /// When its process started, in ticks since the machine did.
    #[serde(default)]
    pub(crate) started: u64,
    #[serde(default)]
    pub(crate) up: bool,
    /// How it ended, if it has.
    pub(crate) exit: Option<KeptExit>,
}

/// How a worker ended while nobody listened.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KeptExit {
    pub(crate) asked: bool,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
}

/// What a worker, or the helper for it, says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It is being done.
    Accepted,
    /// A task is there, or it is too late.
    Busy,
    /// This release of the package cannot do that.
    Unsupported,
    /// There is no such worker any more.
    Gone,
}
