//! From what core tells to messages, and back.

use std::time::SystemTime;

use scaler_wm_core::{
    Entry, Limit, Timestamp, WorkerMatch,
    control::{Bounds, Decision, Event, Refusal, explain},
    manager::{Stage, Status, UnitStatus},
    plan::{Drain, Phase, Work},
};

use crate::{Managed, v1};

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// How all managers of this process stand.
pub(crate) fn standing(managers: &[Managed]) -> v1::GetStatusResponse {
    v1::GetStatusResponse {
        managers: managers.iter().map(status).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
    }
}

/// How a manager stands.
pub(crate) fn status(managed: &Managed) -> v1::ManagerStatus {
    let Managed { control, kind } = managed;
    let status = control.status();
    let draining = status.units.iter().filter(|unit| is_leaving(unit)).count();
    let (stage, ending_reason) = match &status.stage {
        Stage::Starting => (v1::Stage::Starting, String::new()),
        Stage::Running => (v1::Stage::Running, String::new()),
        Stage::Ending(reason) => (v1::Stage::Ending, reason.clone()),
    };
    let link = v1::SchedulerLink {
        is_up: status.is_linked,
        peer: status.link.peer.as_deref().unwrap_or_default().to_owned(),
        wire_version: status.link.protocol.as_deref().unwrap_or_default().to_owned(),
        heartbeat_lag_seconds: control.figures().heartbeat_lag.map(|lag| lag.as_secs_f64()),
    };
    v1::ManagerStatus {
        manager: control.manager().to_string(),
        r#type: (*kind).to_owned(),
        stage: stage.into(),
        ending_reason,
        link: Some(link),
        wanted: status.wanted,
        desired: status.desired,
        target: status.target,
        observed: count(status.units.len()),
        running: status.running,
        draining: count(draining),
        on_order: status.open,
        tasks: status.units.iter().map(|unit| u64::from(unit.work.tasks())).sum(),
        limits: Some(limits(&status)),
        bounds: status.bounds.map(bounds),
        is_draining: status.is_draining,
        backoff: status.hold.as_ref().map(|hold| v1::Backoff {
            until_ms: hold.until.as_millis(),
            failures: hold.failures,
            reason: hold.reason.clone(),
        }),
        resting_tiers: status
            .resting
            .iter()
            .map(|(tier, until)| v1::RestingTier { tier: tier.to_string(), until_ms: until.as_millis() })
            .collect(),
        cooldown_until_ms: status.cooldown_until.map(Timestamp::as_millis),
        is_failing: status.is_failing,
        place: control.place(),
        last_event: *control.events().watch().borrow(),
    }
}

fn limits(status: &Status) -> v1::Limits {
    let most_units = match status.most {
        Limit::AtMost(most) => Some(most),
        Limit::Unlimited => None,
    };
    v1::Limits { most_units, task_concurrency_per_unit: status.per_unit.get() }
}

fn bounds(bounds: Bounds) -> v1::Bounds {
    let Bounds { minimum, maximum, pinned, until } = bounds;
    v1::Bounds { minimum, maximum, pinned, until_ms: until.map(Timestamp::as_millis) }
}

/// What an operator wants to set.
pub(crate) fn wanted_bounds(bounds: v1::Bounds) -> Bounds {
    let v1::Bounds { minimum, maximum, pinned, until_ms } = bounds;
    Bounds { minimum, maximum, pinned, until: until_ms.map(Timestamp::from_millis) }
}

fn is_leaving(unit: &UnitStatus) -> bool {
    unit.drain != Drain::No || unit.phase == Phase::Leaving
}

/// One unit.
pub(crate) fn unit(unit: &UnitStatus, place: &str) -> v1::Unit {
    let (drained_until, is_draining) = match unit.drain {
        Drain::HandingBack { until } | Drain::Waiting { until } => (Some(until), true),
        Drain::Held { .. } => (None, true),
        Drain::No | Drain::Ending { .. } => (None, false),
    };
    let state = match unit.work {
        _ if unit.phase == Phase::Leaving || matches!(unit.drain, Drain::Ending { .. }) => v1::UnitState::Stopping,
        _ if is_draining => v1::UnitState::Draining,
        Work::Idle { .. } => v1::UnitState::Idle,
        Work::Busy { .. } => v1::UnitState::Busy,
        _ if !unit.is_up => v1::UnitState::Starting,
        Work::NotConnected { .. } => v1::UnitState::Up,
        Work::Unknown => v1::UnitState::Running,
    };
    let queued = match unit.work {
        Work::Busy { queued, .. } => queued,
        Work::Unknown | Work::NotConnected { .. } | Work::Idle { .. } => 0,
    };
    v1::Unit {
        unit: unit.id.to_string(),
        state: state.into(),
        since_ms: unit.since.as_millis(),
        workers: match &unit.workers {
            WorkerMatch::Exact(worker) => vec![worker.to_string()],
            WorkerMatch::Parts(parts) => parts.iter().map(ToString::to_string).collect(),
        },
        tasks: unit.work.tasks(),
        queued,
        place: place.to_owned(),
        tier: unit.tier.to_string(),
        launch: unit.launch.as_ref().map(ToString::to_string).unwrap_or_default(),
        drained_until_ms: drained_until.map(Timestamp::as_millis),
    }
}

/// One event.
pub(crate) fn event(manager: &str, event: &Event) -> v1::Event {
    v1::Event {
        manager: manager.to_owned(),
        sequence: event.sequence,
        at_ms: event.at.as_millis(),
        kind: event.what.kind().to_owned(),
        unit: event.what.unit().map(ToString::to_string).unwrap_or_default(),
        text: event.what.to_string(),
    }
}

/// Why there are as many units as there are.
pub(crate) fn explanation(managed: &Managed) -> v1::ExplainResponse {
    let words = explain(&managed.control.status(), now());
    v1::ExplainResponse {
        manager: managed.control.manager().to_string(),
        now: words.now,
        not_more: words.not_more,
        not_fewer: words.not_fewer,
        decisions: managed.control.decisions().iter().rev().map(|made| decision(made)).collect(),
    }
}

fn decision(made: &Decision) -> v1::Decision {
    v1::Decision {
        at_ms: made.at.as_millis(),
        cause: made.cause.clone(),
        effects: made.effects.clone(),
        desired: made.desired,
        target: made.target,
        observed: made.units,
        on_order: made.open,
    }
}

/// One launch on record.
pub(crate) fn launch(entry: &Entry) -> v1::Launch {
    v1::Launch {
        launch: entry.launch.id.to_string(),
        at_ms: entry.launch.at.as_millis(),
        tier: entry.launch.tier.to_string(),
        count: entry.launch.count.get(),
        is_settled: entry.settled.is_some(),
        units: entry.settled.iter().flat_map(|settled| &settled.units).map(ToString::to_string).collect(),
        has_receipt: entry.receipt.is_some(),
    }
}

/// Why a manager does not do what it is told.
pub(crate) fn refusal(refusal: &Refusal) -> tonic::Status {
    let words = refusal.to_string();
    match refusal {
        Refusal::NoSuchUnit(_) => tonic::Status::not_found(words),
        Refusal::NotNow(_) => tonic::Status::failed_precondition(words),
        Refusal::Invalid(_) => tonic::Status::invalid_argument(words),
        Refusal::Gone => tonic::Status::unavailable(words),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
