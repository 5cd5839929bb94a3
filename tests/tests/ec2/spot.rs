//! Spot instances that are marked, and taken away.

use scaler_wm_tests::{Result, Unit};

use crate::account::{Account, ids};

#[test]
fn a_spot_instance_is_marked_and_taken_away() -> Result<()> {
    let account = Account::idle()?;
    let emulator = &account.cloud.emulator;
    let launched = account.run(1, 2, &[("InstanceMarketOptions.MarketType", "spot")])?;
    let requests = launched.texts("spotInstanceRequestId");
    assert_eq!((launched.texts("instanceLifecycle"), requests.len()), (vec!["spot".to_owned(); 2], 2));
    let instance = emulator.instance(&ids(launched)?[0])?;
    assert_eq!(instance.spot_request.as_ref(), Some(&requests[0]));
    let told = |what: &str| {
        let filter = [("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", instance.id())];
        Result::Ok(account.client.ec2("DescribeSpotInstanceRequests", &filter)?.texts(what))
    };
    assert_eq!(
        (told("spotInstanceRequestId")?, told("code")?),
        (vec![requests[0].clone()], vec!["fulfilled".to_owned()])
    );
    emulator.mark_spot(&instance)?;
    assert_eq!((told("state")?, told("code")?), (vec!["active".to_owned()], vec!["marked-for-termination".to_owned()]));
    assert!(emulator.instance(&instance.id)?.is_running());
    emulator.take_spot(&instance, "instance-terminated-no-capacity")?;
    assert_eq!(
        (told("state")?, told("code")?),
        (vec!["closed".to_owned()], vec!["instance-terminated-no-capacity".to_owned()])
    );
    let taken = emulator.instance(&instance.id)?;
    assert_eq!((&*taken.state, &*taken.state_reason), ("terminated", "Server.SpotInstanceTermination"));
    // The other one goes by its owner's wish.
    let other = emulator.instances()?.remove(1);
    emulator.terminate(&other)?;
    let status = emulator.instance(&other.id)?.spot_status;
    assert_eq!(status.as_deref(), Some("instance-terminated-by-user"));
    Ok(())
}
