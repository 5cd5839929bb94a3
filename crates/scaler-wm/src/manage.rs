//! Runs one manager, from its state folder to its last unit.

use std::{sync::Arc, time::Duration};

use scaler_wm_core::{
    Capabilities, Clock, FixedLink, Limit, Manager, SchedulerLink, Sizing, TaskJournal,
    control::{Control, Seat},
    manager::{Settings, Stage, Status, Summary, UnitStatus},
    options::{Kind, Origin, Value},
    plan::Work,
    policy::PolicyLink,
};
use scaler_wm_journal::RedbJournal;
use scaler_wm_options::fixed_concurrency;
use scaler_wm_wire::{
    link::{LinkSettings, ScalerLink},
    policy::{Report, UnitReport},
    ymq::Identity,
};
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::{
    backends::Order,
    config::ManagerConfig,
    control::socket,
    exit::Failure,
    follow::follow,
    peers::{backend, warning},
    state::State,
};

/// What was spent is on disk so often. After a kill the units of then are counted until the next process has looked.
const SPENT_IS_KEPT_EVERY: Duration = Duration::from_secs(60);

/// Says what is worth knowing about how a manager was configured. Its log must have been started.
pub(crate) fn introduce(config: &ManagerConfig) {
    if config.is_name_made_up {
        info!(manager = %config.manager, "no worker_manager_id (--worker-manager-id) was given: this name is used");
    }
    if let Some(warning) = warning(&config.trust) {
        warn!("{warning}");
    }
    for (flag, variable) in secrets_for_all_to_read(config) {
        warn!(
            "{flag}: everybody on this host can read command lines: set the environment variable {variable} instead, or \
             write `{}` into the file of -c",
            flag.trim_start_matches('-').replace('-', "_")
        );
    }
    if config.values.maybe_text("logging_config_file").is_some() {
        // The released manager hands it to no worker either: there it is for the manager's own process, which is ours here.
        warn!("logging_config_file is not followed: log lines go by logging_level and logging_paths");
    }
}

/// The secrets that stand on the command line, each with the variable where it would not be seen. Released managers have such
/// flags, so they work here.
fn secrets_for_all_to_read(config: &ManagerConfig) -> impl Iterator<Item = (String, &'static str)> {
    let secrets = config.kind.section.specs().filter(|spec| spec.kind == Kind::Secret);
    secrets.filter_map(|spec| {
        let is_seen = matches!(config.values.origin(spec.key), Origin::CommandLine(_));
        Some((spec.flag(), spec.environment.filter(|_| is_seen)?))
    })
}

/// Runs a manager on this thread, which must stay: its helper is told of the end of the thread that started it. What it
/// manages is made ready at once; nothing is started before `begin` is over.
///
/// # Errors
/// Whatever keeps it from starting, ends it early, or is left behind.
pub(crate) async fn manage(
    config: &ManagerConfig,
    begin: impl Future<Output = ()>,
    stop: oneshot::Receiver<()>,
    control: Control,
    seat: Seat,
) -> Result<(), Failure> {
    let state = State::open(&config.values, &config.manager)?;
    let listening = socket(config, &control, state.folder())?;
    let ended = run(config, &state, begin, stop, seat).await;
    listening.end().await;
    ended
}

async fn run(
    config: &ManagerConfig,
    state: &State,
    begin: impl Future<Output = ()>,
    mut stop: oneshot::Receiver<()>,
    mut seat: Seat,
) -> Result<(), Failure> {
    let mut values = config.values.clone();
    values.fill("state_dir", Value::Text(state.folder().to_string_lossy().into_owned()));
    let values = &values;
    let clock = Clock::system();
    // As early as can be: until all have done so, none of those who share it launches anything.
    let ledger = config.followed.as_ref().and_then(|followed| followed.ledger(&config.manager));
    if let (Some(ledger), Some(spent)) = (&ledger, state.spent()?) {
        ledger.restore(&config.manager, spent, clock.now());
    }
    let journal = Arc::new(RedbJournal::open(&state.journal()).map_err(Failure::setup)?);
    let identity = state.identity(config.kind.section.name)?;
    let capabilities: Capabilities = values.capabilities("per_worker_capabilities");
    let monitor = values.maybe_address("monitor_address");
    let ready = async {
        let order = Order {
            values: values.clone(),
            manager: config.manager.clone(),
            limit: config.limit,
            trust: config.trust.clone(),
            monitor: monitor.clone(),
            journal: Arc::clone(&journal) as Arc<dyn TaskJournal>,
        };
        let provider = (config.kind.parts()?.start)(order).await?;
        begin.await;
        let host = match (&config.followed, &monitor) {
            (Some(followed), Some(monitor)) => {
                let host = followed.host(monitor, &identity)?;
                let offer = Sizing::new(config.limit, provider.info(), capabilities.clone());
                let wishes = follow(&host, config.manager.clone(), &offer, monitor).await?;
                Some((host, wishes))
            }
            _ => None,
        };
        Ok::<_, Failure>((provider, host))
    };
    let (provider, host) = tokio::select! {
        ready = ready => ready?,
        // What starts the infrastructure may hang, as an interpreter can; it ends when it is dropped.
        _ = &mut stop => {
            info!("told to stop while starting");
            return Ok(());
        }
        () = seat.told_to_end() => {
            info!("told to stop while starting");
            return Ok(());
        }
    };

    let (host, wishes) = host.unzip();
    let sizing = Sizing::new(config.limit, provider.info(), capabilities.clone());
    let seed = u64::from(std::process::id()) ^ clock.now().as_millis();
    let is_fixed = fixed_concurrency(values).is_some();
    let link: Box<dyn SchedulerLink> = match (is_fixed, config.limit) {
        (true, Limit::AtMost(workers)) => {
            info!(manager = %config.manager, workers, "fixed mode: these start now, and none is replaced");
            Box::new(FixedLink::new(workers))
        }
        _ => {
            let scheduler = values.address("scheduler_address");
            let manager = config.manager.clone();
            let mut settings = LinkSettings::new(scheduler, Identity::from(identity), manager, sizing.offered());
            settings.monitor = monitor.or(settings.monitor);
            settings.capabilities = capabilities;
            settings.connect.trust = config.trust.clone();
            settings.connect.backend = backend(settings.monitor.as_ref())?;
            settings.heartbeat_interval =
                Duration::from_secs(values.integer("heartbeat_interval_seconds").unsigned_abs());
            settings.seed = seed;
            settings.expects_wishes = config.followed.is_none();
            let link = Box::new(ScalerLink::start(settings, clock));
            match wishes {
                Some(wishes) => Box::new(PolicyLink::new(config.manager.clone(), link, wishes)),
                None => link,
            }
        }
    };

    let settings = Settings {
        manager: config.manager.clone(),
        sizing,
        scale_down_cooldown: values.seconds("scale_down_cooldown_seconds"),
        drain_timeout: values.seconds("drain_timeout_seconds"),
        stop_timeout: values.seconds("stop_timeout_seconds"),
        keeps_units: values.has("on_exit") && values.text("on_exit") == "keep",
        ledger: ledger.clone(),
        // Fixed mode has no scheduler to listen to.
        rebalances: !is_fixed && values.has("no_rebalance") && !values.flag("no_rebalance"),
        seed,
    };
    let manager = Manager::new(settings, provider, link, journal, clock).seated(seat);
    let mut status = manager.status();
    let (relay, was_stopped) = oneshot::channel();
    let mut relay = Some(relay);
    let running = manager.run(was_stopped);
    tokio::pin!(running);
    let keep_spent = || {
        let spent = ledger.as_ref().and_then(|ledger| ledger.record(&config.manager, clock.now()));
        spent.iter().for_each(|spent| state.keep_spent(spent));
    };
    let mut minutes = tokio::time::interval(SPENT_IS_KEPT_EVERY);
    let summary = loop {
        tokio::select! {
            summary = &mut running => break summary,
            // Cancel safe, both: a oneshot receiver keeps its value, a watch one marks what it has returned.
            _ = &mut stop, if relay.is_some() => drop(relay.take().map(|relay| relay.send(()))),
            Ok(()) = status.changed() => {
                let status = status.borrow_and_update().clone();
                if let Some(host) = &host {
                    let units = status.units.iter().map(report).collect();
                    host.report(&config.manager, Report { units, is_failing: status.is_failing });
                }
            }
            // Cancel safe: a timer.
            _ = minutes.tick(), if ledger.is_some() => keep_spent(),
        }
    };
    keep_spent();
    let (reason, was_asked) =
        summary.as_ref().map(|summary| (summary.reason.clone(), summary.was_asked)).unwrap_or_default();
    done(summary)?;
    if !was_asked && !is_fixed {
        // Nobody asked it to: the scheduler can never be reached, or is gone for good.
        return Err(Failure::Running(format!("the manager ended by itself: {reason}")));
    }
    Ok(())
}

fn report(unit: &UnitStatus) -> UnitReport {
    let is_connected = matches!(unit.work, Work::Idle { .. } | Work::Busy { .. });
    UnitReport { workers: unit.workers.clone(), is_up: unit.is_up, is_connected }
}

fn done(summary: scaler_wm_core::Result<Summary>) -> Result<(), Failure> {
    let summary = summary.map_err(Failure::running)?;
    let Summary { reason, was_asked: _, started, ended, cut_off, left_behind, unsettled, kept } = summary;
    info!(%reason, started, ended, cut_off, left_behind = left_behind.len(), kept = kept.len(), "the manager has ended");
    if left_behind.is_empty() && unsettled.is_empty() {
        return Ok(());
    }
    let mut left = Vec::new();
    if !left_behind.is_empty() {
        left.push(format!("these units could not be ended and may still run: {}", listed(&left_behind)));
    }
    if !unsettled.is_empty() {
        let launches = listed(&unsettled);
        left.push(format!("nobody knows what came of these launches, and units of theirs may run: {launches}"));
    }
    left.push("the next manager with this id and state folder finds them by its journal".to_owned());
    Err(Failure::Running(left.join("; ")))
}

fn listed(names: &[impl ToString]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Whether a manager does what it is for: it is heard by its scheduler, or has all its workers in `fixed` mode.
pub(crate) fn is_up(status: &Status, fixed: Option<u64>) -> bool {
    match fixed {
        _ if status.stage == Stage::Starting => false,
        None => status.is_linked,
        Some(workers) => u64::from(status.running) >= workers,
    }
}

/// The units of a manager, for whoever leaves them behind.
pub(crate) fn units(control: &Control) -> Vec<String> {
    control.status().units.iter().map(|unit| unit.id.to_string()).collect()
}
