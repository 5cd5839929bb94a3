//! What Spot says of the instances that it has given us.

use std::collections::HashMap;

use aws_sdk_ec2::types::SpotInstanceRequest;
use scaler_wm_core::{Timestamp, Unit, UnitState};

/// When Spot takes each instance, by the id of its request.
pub(crate) type Notices = HashMap<String, Timestamp>;

/// How long an instance has from its notice on.
const NOTICE_MILLIS: u64 = 120_000;

/// The states of a request whose instance is about to be taken, or is being taken.
const TAKEN: &[&str] = &[
    "marked-for-termination",
    "marked-for-stop",
    "instance-terminated-by-price",
    "instance-terminated-by-service",
    "instance-terminated-no-capacity",
    "instance-terminated-capacity-oversubscribed",
    "instance-terminated-launch-group-constraint",
    "instance-stopped-by-price",
    "instance-stopped-no-capacity",
    "instance-stopped-capacity-oversubscribed",
];

/// The requests whose instances Spot takes, and when.
pub(crate) fn notices(requests: &[SpotInstanceRequest], now: Timestamp) -> Notices {
    let taken = requests.iter().filter_map(|request| {
        let status = request.status()?;
        TAKEN.contains(&status.code()?).then_some(())?;
        let told = status.update_time().and_then(|at| at.to_millis().ok()).and_then(|at| u64::try_from(at).ok());
        let told = told.unwrap_or_else(|| now.as_millis());
        Some((request.spot_instance_request_id()?.to_owned(), Timestamp::from_millis(told + NOTICE_MILLIS)))
    });
    taken.collect()
}

/// Spot takes a unit at `at`: it finishes what it can until then, and another takes its place already.
pub(crate) fn give_notice(unit: &mut Unit, at: Timestamp) {
    if matches!(unit.state, UnitState::Starting | UnitState::Running) {
        unit.state = UnitState::Stopping;
    }
    unit.notice = Some(at);
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::{primitives::DateTime, types::SpotInstanceStatus};

    use super::*;

    #[test]
    fn what_spot_takes_is_told_from_what_it_leaves() {
        let request = |id: &str, code: &str| {
            let status = SpotInstanceStatus::builder().code(code).update_time(DateTime::from_secs(10)).build();
            SpotInstanceRequest::builder().spot_instance_request_id(id).status(status).build()
        };
        let requests = [
            request("a", "fulfilled"),
            request("b", "marked-for-termination"),
            request("c", "instance-terminated-by-user"),
        ];
        let found = notices(&requests, Timestamp::from_millis(0));
        assert_eq!(found, Notices::from([("b".to_owned(), Timestamp::from_millis(130_000))]));
    }
}
