//! What an instance is to us: a unit.

use std::sync::Arc;

use aws_sdk_ec2::types::{Instance, InstanceStateName};
use scaler_wm_aws::Tags;
use scaler_wm_core::{Exit, ExitCause, LaunchId, Tier, Timestamp, Unit, UnitId, UnitState, WorkerMatch};

use crate::launch::PREFIX;

/// The unit that an instance is; `None` for one without a name, which the API does not have.
pub(crate) fn unit(instance: &Instance, now: Timestamp) -> Option<Unit> {
    let id = instance.instance_id()?;
    let tags = instance.tags().iter().filter_map(|tag| tag.key().zip(tag.value()));
    let (launch, tier) = Tags::read(tags);
    let state = state(instance);
    let launched = instance.launch_time().and_then(|at| at.to_millis().ok()).and_then(|at| u64::try_from(at).ok());
    let since = match state {
        UnitState::Starting | UnitState::Running => launched.map_or(now, Timestamp::from_millis),
        UnitState::Stopping | UnitState::Gone(_) => now,
    };
    let workers = WorkerMatch::Parts(names(instance, id).into());
    Some(Unit { id: UnitId::from(id), launch, state, since, tier, workers, notice: None })
}

/// The unit that an instance is of which only the name is known yet.
pub(crate) fn just_started(id: &str, launch: &LaunchId, tier: &Tier, now: Timestamp) -> Unit {
    Unit {
        id: UnitId::from(id),
        launch: Some(launch.clone()),
        state: UnitState::Starting,
        since: now,
        tier: tier.clone(),
        workers: WorkerMatch::part(&format!("{PREFIX}-{id}")),
        notice: None,
    }
}

/// Whether an instance is there, and no worker runs in it: somebody has stopped it.
pub(crate) fn is_stopped(instance: &Instance) -> bool {
    state_name(instance) == Some(&InstanceStateName::Stopped)
}

/// Whether an instance is there and not on its way out.
pub(crate) fn is_up(instance: &Instance) -> bool {
    matches!(state_name(instance), Some(InstanceStateName::Pending | InstanceStateName::Running))
}

fn state_name(instance: &Instance) -> Option<&InstanceStateName> {
    instance.state().and_then(|state| state.name())
}

fn state(instance: &Instance) -> UnitState {
    match state_name(instance) {
        Some(InstanceStateName::Running) => UnitState::Running,
        Some(InstanceStateName::Stopping | InstanceStateName::Stopped | InstanceStateName::ShuttingDown) => {
            UnitState::Stopping
        }
        Some(InstanceStateName::Terminated) => UnitState::Gone(exit(instance)),
        _ => UnitState::Starting,
    }
}

/// How an instance ended.
fn exit(instance: &Instance) -> Exit {
    let reason = instance.state_reason();
    let code = reason.and_then(|reason| reason.code()).unwrap_or("no reason given");
    let message = reason.and_then(|reason| reason.message()).unwrap_or_default();
    let said = if message.is_empty() { code.to_owned() } else { message.to_owned() };
    let cause = match code {
        "Server.InsufficientInstanceCapacity" => ExitCause::NoCapacity(said),
        "Server.InternalError"
        | "Client.InternalError"
        | "Client.InvalidSnapshot.NotFound"
        | "Client.VolumeLimitExceeded" => ExitCause::NeverStarted(said),
        "Client.InstanceInitiatedShutdown" => ExitCause::Lost(
            "the instance has shut itself down: its workers ended, or could not be installed".to_owned(),
        ),
        _ => ExitCause::Lost(said),
    };
    Exit { cause, asked: false, sure: true }
}

/// The names that an instance may have put into the ids of its workers: its own, or that of its host.
fn names(instance: &Instance, id: &str) -> Vec<Arc<str>> {
    let mut names = vec![id.to_owned()];
    if let Some(host) = instance.private_dns_name().filter(|host| !host.is_empty()) {
        names.push(host.to_owned());
        names.extend(host.split_once('.').map(|(short, _)| short.to_owned()));
    }
    if let Some(address) = instance.private_ip_address() {
        names.push(format!("ip-{}", address.replace('.', "-")));
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| Arc::from(format!("{PREFIX}-{name}"))).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::{
        primitives::DateTime,
        types::{InstanceState, StateReason, Tag, builders::InstanceBuilder},
    };
    use scaler_wm_core::WorkerId;

    use super::*;

    fn instance(state: InstanceStateName) -> InstanceBuilder {
        Instance::builder()
            .instance_id("i-1")
            .state(InstanceState::builder().name(state).build())
            .launch_time(DateTime::from_secs(7))
    }

    fn look(instance: InstanceBuilder) -> Unit {
        unit(&instance.build(), Timestamp::from_millis(9_000)).unwrap()
    }

    fn cause_of(code: &str) -> ExitCause {
        let reason = StateReason::builder().code(code).message(format!("{code}: why")).build();
        match look(instance(InstanceStateName::Terminated).state_reason(reason)).state {
            UnitState::Gone(exit) => exit.cause,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_state_is_told() {
        for (name, state) in [
            (InstanceStateName::Pending, UnitState::Starting),
            (InstanceStateName::Running, UnitState::Running),
            (InstanceStateName::ShuttingDown, UnitState::Stopping),
            (InstanceStateName::Stopping, UnitState::Stopping),
            (InstanceStateName::Stopped, UnitState::Stopping),
        ] {
            let unit = look(instance(name.clone()));
            let since = if unit.state == UnitState::Stopping { 9_000 } else { 7_000 };
            assert_eq!((unit.state, unit.since.as_millis()), (state, since), "{name:?}");
        }
    }

    #[test]
    fn ends_are_told_apart() {
        assert!(matches!(cause_of("Server.InsufficientInstanceCapacity"), ExitCause::NoCapacity(_)));
        assert!(matches!(cause_of("Client.InternalError"), ExitCause::NeverStarted(_)));
        assert!(matches!(cause_of("Client.InstanceInitiatedShutdown"), ExitCause::Lost(_)));
        let taken = cause_of("Server.SpotInstanceTermination");
        assert_eq!(taken, ExitCause::Lost("Server.SpotInstanceTermination: why".to_owned()));
    }

    #[test]
    fn a_unit_knows_its_launch_and_its_names() {
        let tag = |name: &str, value: &str| Tag::builder().key(name).value(value).build();
        let unit = look(
            instance(InstanceStateName::Running)
                .tags(tag("scaler-wm:launch", "l1"))
                .tags(tag("scaler-wm:tier", "c5.large/subnet-1/spot"))
                .private_dns_name("ip-10-0-0-7.ec2.internal")
                .private_ip_address("10.0.0.7"),
        );
        assert_eq!(unit.launch.unwrap().as_str(), "l1");
        assert_eq!(unit.tier.as_str(), "c5.large/subnet-1/spot");
        let has = |worker: &str| unit.workers.has(&WorkerId::from(worker));
        for name in ["i-1", "ip-10-0-0-7", "ip-10-0-0-7.ec2.internal"] {
            assert!(has(&format!("Worker|ORB-{name}|x|y")), "{name}");
        }
        assert!(!has("Worker|ORB-i-2|x|y"));
    }
}
