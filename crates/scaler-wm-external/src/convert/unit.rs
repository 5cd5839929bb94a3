//! Units, and how they ended.

use std::sync::Arc;

use scaler_wm_core::{Exit, ExitCause, LaunchId, Tier, Timestamp, Unit, UnitId, UnitState, WorkerId, WorkerMatch};

use crate::v1::{self, ProviderUnit, exit::Cause, provider_unit::State};

/// A unit, as a plug-in tells it; `tier` and `now` stand for what it leaves out.
///
/// # Errors
/// What is missing, in words.
pub(crate) fn unit(message: ProviderUnit, tier: &Tier, now: Timestamp) -> Result<Unit, String> {
    if message.unit.is_empty() {
        return Err("a unit without a name".to_owned());
    }
    let workers = match (message.worker.is_empty(), message.worker_parts.is_empty()) {
        (false, true) => WorkerMatch::Exact(WorkerId::from(&message.worker)),
        (true, false) => WorkerMatch::Parts(message.worker_parts.into_iter().map(Arc::from).collect()),
        _ => return Err(format!("unit {} without either worker or worker_parts", message.unit)),
    };
    let state = match message.state {
        Some(State::Starting(_)) => UnitState::Starting,
        Some(State::Running(_)) => UnitState::Running,
        Some(State::Stopping(_)) => UnitState::Stopping,
        Some(State::Gone(exit)) => UnitState::Gone(exit_of(exit)),
        None => return Err(format!("unit {} without a state", message.unit)),
    };
    Ok(Unit {
        id: UnitId::from(message.unit),
        launch: Some(message.launch).filter(|launch| !launch.is_empty()).map(LaunchId::from),
        state,
        since: if message.since_ms == 0 { now } else { Timestamp::from_millis(message.since_ms) },
        tier: if message.tier.is_empty() { tier.clone() } else { Tier::from(message.tier) },
        workers,
        notice: message.notice_ms.map(Timestamp::from_millis),
    })
}

fn exit_of(message: v1::Exit) -> Exit {
    let cause = match message.cause {
        Some(Cause::Code(code)) => ExitCause::Code(code),
        Some(Cause::Signal(signal)) => ExitCause::Signal(signal),
        Some(Cause::OutOfMemory(_)) => ExitCause::OutOfMemory,
        Some(Cause::NeverStarted(reason)) => ExitCause::NeverStarted(reason),
        Some(Cause::NoCapacity(reason)) => ExitCause::NoCapacity(reason),
        Some(Cause::Lost(reason)) => ExitCause::Lost(reason),
        None => ExitCause::Lost("the plug-in does not say why".to_owned()),
    };
    Exit { cause, asked: message.asked, sure: message.sure }
}

/// A unit, as it travels, under the name that its launch has there.
#[cfg(feature = "server")]
pub(crate) fn unit_message(unit: &Unit, launch: Option<&LaunchId>) -> ProviderUnit {
    let (worker, worker_parts) = match &unit.workers {
        WorkerMatch::Exact(worker) => (worker.as_bytes().to_vec(), Vec::new()),
        WorkerMatch::Parts(parts) => (Vec::new(), parts.iter().map(ToString::to_string).collect()),
    };
    let state = match &unit.state {
        UnitState::Starting => State::Starting(v1::provider_unit::Starting {}),
        UnitState::Running => State::Running(v1::provider_unit::Running {}),
        UnitState::Stopping => State::Stopping(v1::provider_unit::Stopping {}),
        UnitState::Gone(exit) => State::Gone(exit_message(exit)),
    };
    ProviderUnit {
        unit: unit.id.as_str().to_owned(),
        launch: launch.map(|launch| launch.as_str().to_owned()).unwrap_or_default(),
        tier: unit.tier.as_str().to_owned(),
        since_ms: unit.since.as_millis(),
        worker,
        worker_parts,
        notice_ms: unit.notice.map(Timestamp::as_millis),
        state: Some(state),
    }
}

#[cfg(feature = "server")]
fn exit_message(exit: &Exit) -> v1::Exit {
    let cause = match &exit.cause {
        ExitCause::Code(code) => Cause::Code(*code),
        ExitCause::Signal(signal) => Cause::Signal(*signal),
        ExitCause::OutOfMemory => Cause::OutOfMemory(v1::exit::OutOfMemory {}),
        ExitCause::NeverStarted(reason) => Cause::NeverStarted(reason.clone()),
        ExitCause::NoCapacity(reason) => Cause::NoCapacity(reason.clone()),
        ExitCause::Lost(reason) => Cause::Lost(reason.clone()),
    };
    v1::Exit { asked: exit.asked, sure: exit.sure, cause: Some(cause) }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn every_unit_survives_the_way_both_ways() {
        let gone = |cause| UnitState::Gone(Exit { cause, asked: true, sure: false });
        let why = || "why".to_owned();
        let states = [
            UnitState::Starting,
            UnitState::Running,
            UnitState::Stopping,
            gone(ExitCause::Code(0)),
            gone(ExitCause::Signal(9)),
            gone(ExitCause::OutOfMemory),
            gone(ExitCause::NeverStarted(why())),
            gone(ExitCause::NoCapacity(why())),
            gone(ExitCause::Lost(why())),
        ];
        for (index, state) in states.into_iter().enumerate() {
            let unit_before = Unit {
                id: UnitId::from("u"),
                launch: (index % 2 == 0).then(|| LaunchId::from("l")),
                state,
                since: Timestamp::from_millis(7),
                tier: Tier::from("t"),
                workers: if index % 2 == 0 { WorkerMatch::part("p") } else { WorkerMatch::Exact(WorkerId::from("w")) },
                notice: (index % 3 == 0).then(|| Timestamp::from_millis(9)),
            };
            let message = unit_message(&unit_before, unit_before.launch.as_ref());
            assert_eq!(unit(message, &Tier::default(), Timestamp::default()).unwrap(), unit_before);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let running = || Some(State::Running(v1::provider_unit::Running {}));
        let good = ProviderUnit { unit: "u".to_owned(), worker: vec![1], state: running(), ..ProviderUnit::default() };
        let read = |message| unit(message, &Tier::from("first"), Timestamp::from_millis(5));
        let told = read(good.clone()).unwrap();
        assert_eq!((told.tier.as_str(), told.since.as_millis(), told.launch), ("first", 5, None));
        for (message, words) in [
            (ProviderUnit { unit: String::new(), ..good.clone() }, "without a name"),
            (ProviderUnit { worker: Vec::new(), ..good.clone() }, "worker_parts"),
            (ProviderUnit { state: None, ..good }, "without a state"),
        ] {
            assert!(read(message).unwrap_err().contains(words));
        }
    }
}
