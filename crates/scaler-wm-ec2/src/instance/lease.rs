//! Leases: until when an instance runs although no manager is there any more.

use std::time::Duration;

use aws_sdk_ec2::types::Instance;
use scaler_wm_core::Timestamp;

/// The tag that holds the end of an instance's lease, in seconds since 1970. The instance reads it too.
pub(crate) const LEASE: &str = "scaler-wm:lease";
/// The shortest lease: an instance looks every 20 s, and tags take a moment to reach it.
pub(crate) const SHORTEST: Duration = Duration::from_secs(120);

/// The tag of an instance whose lease begins now.
pub(crate) fn tag(now: Timestamp, lease: Duration) -> (String, String) {
    (LEASE.to_owned(), (now + lease).as_millis().div_ceil(1_000).to_string())
}

/// Whether the lease of an instance is to be renewed: a third of it has passed, or nobody knows.
pub(crate) fn is_due(instance: &Instance, lease: Duration, now: Timestamp) -> bool {
    let tag = instance.tags().iter().find(|tag| tag.key() == Some(LEASE));
    let until = tag.and_then(|tag| tag.value()?.parse::<u64>().ok()).unwrap_or_default();
    Timestamp::from_millis(until.saturating_mul(1_000)).since(now) < lease.mul_f64(2.0 / 3.0)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::Tag;

    use super::*;

    #[test]
    fn a_lease_is_renewed_when_a_third_has_passed_or_nobody_knows() {
        let lease = Duration::from_secs(300);
        let (key, value) = tag(Timestamp::from_millis(1_000_000), lease);
        assert_eq!((key.as_str(), value.as_str()), (LEASE, "1300"));
        let instance = |value: &str| Instance::builder().tags(Tag::builder().key(LEASE).value(value).build()).build();
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1_000);
        assert!(!is_due(&instance("1300"), lease, at(1_090)));
        assert!(is_due(&instance("1300"), lease, at(1_101)));
        assert!(is_due(&instance("soon"), lease, at(1_000)));
        assert!(is_due(&Instance::builder().build(), lease, at(1_000)));
    }
}
