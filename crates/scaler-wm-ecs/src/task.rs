//! What a task is to us: a unit.

use std::sync::Arc;

use aws_sdk_ecs::{
    primitives::DateTime,
    types::{Task, TaskStopCode},
};
use scaler_wm_aws::Tags;
use scaler_wm_core::{Exit, ExitCause, Timestamp, Unit, UnitId, UnitState, WorkerMatch};

use crate::start_line::PREFIX;

/// What our own stops give as their reason, by which a later process knows them as well.
pub(crate) const STOPPED_BY_US: &str = "scaler-wm: no longer wanted";
/// How long a task on Spot has from its notice on.
const SPOT_NOTICE_MILLIS: u64 = 120_000;
/// The exit code of a process that SIGKILL ended, as containers report it.
const KILLED: i32 = 137;
const SIGTERM: i32 = 15;

/// The unit that a task is; `None` for a task without a name, which the API does not have.
pub(crate) fn unit(task: &Task, now: Timestamp) -> Option<Unit> {
    let arn = task.task_arn()?;
    let tags = task.tags().iter().filter_map(|tag| tag.key().zip(tag.value()));
    let (launch, tier) = Tags::read(tags);
    let state = state(task);
    let since = match state {
        UnitState::Starting => task.created_at(),
        UnitState::Running => task.started_at(),
        UnitState::Stopping => task.stopping_at(),
        UnitState::Gone(_) => task.execution_stopped_at().or(task.stopped_at()),
    };
    let is_interrupted =
        matches!(task.stop_code(), Some(TaskStopCode::SpotInterruption | TaskStopCode::TerminationNotice));
    let stopping = task.stopping_at().map(millis).filter(|_| is_interrupted);
    Some(Unit {
        id: UnitId::from(arn),
        launch,
        state,
        since: since.map_or(now, |at| Timestamp::from_millis(millis(at))),
        tier,
        workers: WorkerMatch::Parts(names(task, arn).into()),
        notice: stopping.map(|at| Timestamp::from_millis(at + SPOT_NOTICE_MILLIS)),
    })
}

/// Where a task is in its life.
pub(crate) fn state(task: &Task) -> UnitState {
    let is_over = task.execution_stopped_at().is_some();
    match task.last_status().unwrap_or_default() {
        // What is left of it then is its network interface.
        "STOPPED" | "DEPROVISIONING" | "DELETED" => UnitState::Gone(exit(task)),
        "STOPPING" | "DEACTIVATING" if is_over => UnitState::Gone(exit(task)),
        "STOPPING" | "DEACTIVATING" => UnitState::Stopping,
        _ if task.desired_status() == Some("STOPPED") => UnitState::Stopping,
        "RUNNING" => UnitState::Running,
        _ => UnitState::Starting,
    }
}

/// How a task ended whose containers run no more.
fn exit(task: &Task) -> Exit {
    let reason = task.stopped_reason().unwrap_or("no reason given");
    let asked = reason.starts_with(STOPPED_BY_US);
    let code = task.containers().iter().filter_map(|container| container.exit_code()).max();
    let words = task.containers().iter().filter_map(|container| container.reason());
    let is_out_of_memory = words.chain([reason]).any(|words| words.contains("OutOfMemory"));
    let cause = match task.stop_code() {
        _ if asked => ExitCause::Signal(SIGTERM),
        Some(TaskStopCode::TaskFailedToStart) if reason.contains("apacity is unavailable") => {
            ExitCause::NoCapacity(reason.to_owned())
        }
        Some(TaskStopCode::TaskFailedToStart) => ExitCause::NeverStarted(reason.to_owned()),
        _ if is_out_of_memory => ExitCause::OutOfMemory,
        Some(TaskStopCode::EssentialContainerExited) | None => match code {
            Some(KILLED) => ExitCause::Signal(KILLED - 128),
            Some(code) => ExitCause::Code(code),
            None => ExitCause::Lost(reason.to_owned()),
        },
        Some(_) => ExitCause::Lost(reason.to_owned()),
    };
    Exit { cause, asked, sure: true }
}

/// The names that a task may have put into the ids of its workers: its own, or that of its host.
fn names(task: &Task, arn: &str) -> Vec<Arc<str>> {
    let id = arn.rsplit('/').next().unwrap_or(arn);
    let details = task.attachments().iter().flat_map(|attachment| attachment.details());
    let mut names = vec![id.to_owned()];
    for (name, value) in details.filter_map(|detail| detail.name().zip(detail.value())) {
        match name {
            "privateDnsName" => {
                names.push(value.to_owned());
                names.extend(value.split_once('.').map(|(short, _)| short.to_owned()));
            }
            // A host without a name in the network's own DNS is named after its address.
            "privateIPv4Address" => names.extend([value.to_owned(), format!("ip-{}", value.replace('.', "-"))]),
            _ => {}
        }
    }
    names.into_iter().map(|name| Arc::from(format!("{PREFIX}-{name}"))).collect()
}

pub(crate) fn millis(at: &DateTime) -> u64 {
    at.to_millis().ok().and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Attachment, Container, KeyValuePair, Tag, builders::TaskBuilder};

    use super::*;

    fn task(status: &str) -> TaskBuilder {
        Task::builder().task_arn("arn:aws:ecs:us-east-1:1:task/c/0af3").last_status(status).desired_status("RUNNING")
    }

    fn look(task: TaskBuilder) -> Unit {
        unit(&task.build(), Timestamp::from_millis(5)).unwrap()
    }

    fn exit_of(task: TaskBuilder) -> Exit {
        match look(task).state {
            UnitState::Gone(exit) => exit,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_status_is_a_state() {
        for status in ["PROVISIONING", "PENDING", "ACTIVATING"] {
            assert_eq!(look(task(status)).state, UnitState::Starting, "{status}");
        }
        assert_eq!(look(task("RUNNING")).state, UnitState::Running);
        assert_eq!(look(task("RUNNING").desired_status("STOPPED")).state, UnitState::Stopping);
        for status in ["DEACTIVATING", "STOPPING"] {
            assert_eq!(look(task(status)).state, UnitState::Stopping, "{status}");
            assert!(matches!(
                look(task(status).execution_stopped_at(DateTime::from_secs(9))).state,
                UnitState::Gone(_)
            ));
        }
        for status in ["DEPROVISIONING", "STOPPED"] {
            assert!(matches!(look(task(status)).state, UnitState::Gone(_)), "{status}");
        }
    }

    #[test]
    fn ends_are_told_apart() {
        let container = |code| Container::builder().exit_code(code).build();
        let exited = |code| {
            exit_of(task("STOPPED").stop_code(TaskStopCode::EssentialContainerExited).containers(container(code)))
        };
        assert_eq!(exited(3).cause, ExitCause::Code(3));
        assert_eq!(exited(137).cause, ExitCause::Signal(9));
        assert!(exited(1).is_crash() && !exited(0).is_crash());
        let starved = Container::builder().exit_code(137).reason("OutOfMemoryError: container killed").build();
        let starved = task("STOPPED").stop_code(TaskStopCode::EssentialContainerExited).containers(starved);
        assert_eq!(exit_of(starved).cause, ExitCause::OutOfMemory);
        let never =
            task("STOPPED").stop_code(TaskStopCode::TaskFailedToStart).stopped_reason("CannotPullContainerError");
        assert_eq!(exit_of(never).cause, ExitCause::NeverStarted("CannotPullContainerError".to_owned()));
        let full = "Capacity is unavailable at this time. Please try again later";
        let full = task("STOPPED").stop_code(TaskStopCode::TaskFailedToStart).stopped_reason(full);
        assert!(matches!(exit_of(full).cause, ExitCause::NoCapacity(_)));
        let by_us = task("STOPPED").stop_code(TaskStopCode::UserInitiated).stopped_reason(STOPPED_BY_US);
        assert!(exit_of(by_us).asked);
        let by_hand = task("STOPPED").stop_code(TaskStopCode::UserInitiated).stopped_reason("maintenance");
        let by_hand = exit_of(by_hand);
        assert_eq!((by_hand.asked, by_hand.cause), (false, ExitCause::Lost("maintenance".to_owned())));
    }

    #[test]
    fn an_interrupted_task_goes_with_notice() {
        let interrupted = task("RUNNING")
            .desired_status("STOPPED")
            .stop_code(TaskStopCode::SpotInterruption)
            .stopping_at(DateTime::from_secs(1_000));
        let interrupted = look(interrupted);
        assert_eq!(interrupted.state, UnitState::Stopping);
        assert_eq!(interrupted.notice, Some(Timestamp::from_millis(1_120_000)));
    }

    #[test]
    fn a_unit_knows_its_launch_and_its_names() {
        let detail = |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
        let tag = |name: &str, value: &str| Tag::builder().key(name).value(value).build();
        let unit = look(
            task("RUNNING").tags(tag("scaler-wm:launch", "l1")).tags(tag("scaler-wm:tier", "on-demand")).attachments(
                Attachment::builder()
                    .details(detail("privateDnsName", "host-7.ec2.internal"))
                    .details(detail("privateIPv4Address", "10.0.0.7"))
                    .build(),
            ),
        );
        assert_eq!(unit.launch.unwrap().as_str(), "l1");
        assert_eq!(unit.tier.as_str(), "on-demand");
        let has = |worker: &str| unit.workers.has(&scaler_wm_core::WorkerId::from(worker));
        for name in ["0af3", "host-7", "host-7.ec2.internal", "10.0.0.7", "ip-10-0-0-7"] {
            assert!(has(&format!("Worker|ECS-{name}|x|y")), "{name}");
        }
        assert!(!has("Worker|ECS-0af4|x|y"));
    }
}
