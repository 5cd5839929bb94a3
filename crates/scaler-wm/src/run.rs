//! Builds what was asked for, runs it, and ends it.

use std::{sync::Arc, time::Duration};

use scaler_wm_core::{
    Capabilities, Clock, Manager, Sizing,
    manager::{Settings, Status, Summary},
};
use scaler_wm_journal::RedbJournal;
use scaler_wm_wire::{
    link::{LinkSettings, ScalerLink},
    ymq::Identity,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{oneshot, watch},
};
use tracing::{info, warn};

use crate::{cli::Invocation, config::Config, exit::Failure, logging, state::State};

/// Runs a manager until it is told to stop, or cannot go on.
///
/// # Errors
/// Whatever keeps it from starting, ends it early, or is left behind.
#[expect(clippy::needless_pass_by_value, reason = "the last step of main's chain")]
pub(crate) fn run(invocation: Invocation) -> Result<(), Failure> {
    let config = Config::new(&invocation)?;
    logging::start(&config.values)?;
    for unknown in &config.unknown {
        warn!("{unknown}");
    }
    if config.is_name_made_up {
        info!(manager = %config.manager, "no --worker-manager-id was given: this name is used");
    }
    if config.values.maybe_text("logging_config_file").is_some() {
        warn!("--logging-config-file is for Python workers; this manager's own log lines do not follow it");
    }
    // One thread is enough: whatever blocks has a thread of its own. It is the main thread, which stays: children are
    // told of the end of the thread that started them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    runtime.block_on(manage(&invocation, &config))
}

async fn manage(invocation: &Invocation, config: &Config) -> Result<(), Failure> {
    let values = &config.values;
    let mut signals = Signals::new()?;
    let state = State::open(values, &config.manager)?;
    let journal = RedbJournal::open(&state.journal()).map_err(Failure::setup)?;
    let identity = state.identity(invocation.backend.name)?;
    let provider = tokio::select! {
        provider = (invocation.backend.build)(values.clone(), config.manager.clone()) => provider?,
        // What starts the infrastructure may hang, as an interpreter can; it ends when it is dropped.
        () = signals.next() => {
            info!("told to stop while starting");
            return Ok(());
        }
    };

    let capabilities: Capabilities = values.capabilities("per_worker_capabilities");
    let sizing = Sizing::new(config.limit, provider.info(), capabilities.clone());
    let clock = Clock::system();
    let seed = u64::from(std::process::id()) ^ clock.now().as_millis();
    let scheduler = values.address("scheduler_address");
    let mut settings = LinkSettings::new(scheduler, Identity::from(identity), config.manager.clone(), sizing.offered());
    settings.monitor = values.maybe_address("monitor_address").or(settings.monitor);
    settings.capabilities = capabilities;
    settings.heartbeat_interval = Duration::from_secs(values.integer("heartbeat_interval_seconds").unsigned_abs());
    settings.seed = seed;
    let link = ScalerLink::start(settings, clock);

    let seconds = |key| Duration::try_from_secs_f64(values.float(key)).unwrap_or(Duration::MAX);
    let settings = Settings {
        manager: config.manager.clone(),
        sizing,
        scale_down_cooldown: seconds("scale_down_cooldown_seconds"),
        drain_timeout: seconds("drain_timeout_seconds"),
        stop_timeout: seconds("stop_timeout_seconds"),
        seed,
    };
    let manager = Manager::new(settings, provider, Box::new(link), Arc::new(journal), clock);
    let status = manager.status();
    let (stop, stopped) = oneshot::channel();
    let running = manager.run(stopped);
    tokio::pin!(running);
    tokio::select! {
        summary = &mut running => return ended_by_itself(summary),
        () = signals.next() => drop(stop.send(())),
    }
    tokio::select! {
        summary = &mut running => done(summary),
        () = signals.next() => Err(cut_short(&status)),
    }
}

/// Nobody asked it to: the scheduler can never be reached, or is gone for good.
fn ended_by_itself(summary: scaler_wm_core::Result<Summary>) -> Result<(), Failure> {
    let reason = summary.as_ref().map(|summary| summary.reason.clone()).unwrap_or_default();
    done(summary)?;
    Err(Failure::Running(format!("the manager ended by itself: {reason}")))
}

fn done(summary: scaler_wm_core::Result<Summary>) -> Result<(), Failure> {
    let summary = summary.map_err(Failure::running)?;
    let Summary { reason, started, ended, cut_off, left_behind } = summary;
    info!(%reason, started, ended, cut_off, left_behind = left_behind.len(), "the manager has ended");
    if left_behind.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = left_behind.iter().map(ToString::to_string).collect();
    Err(Failure::Running(format!("these units could not be ended and may still run: {}", names.join(", "))))
}

/// A second signal: who is still there.
fn cut_short(status: &watch::Receiver<Arc<Status>>) -> Failure {
    let units: Vec<String> = status.borrow().units.iter().map(|unit| unit.id.to_string()).collect();
    let what = if units.is_empty() { "no unit".to_owned() } else { units.join(", ") };
    Failure::CutShort(format!("ended at once by a second signal, leaving behind: {what}"))
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::running);
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            // Cancel safe, both: a signal that is not taken stays.
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
