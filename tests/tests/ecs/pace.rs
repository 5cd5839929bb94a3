//! Limits that throttle whoever exceeds them.

use scaler_wm_tests::{Faults, Limit, Result, until};
use serde_json::json;

use crate::account::{Account, tasks};

#[test]
fn who_exceeds_a_limit_is_throttled_until_tokens_come_back() -> Result<()> {
    let account = Account::idle()?;
    // Slow enough that none comes back while the test asks.
    let limits = vec![Limit::calls("ListClusters", 1.0, 3.0), Limit::tasks(10.0, 20.0)];
    account.cloud.proxy.set_faults(Faults { limits: limits.clone(), ..Faults::default() });
    let list = || Result::Ok(account.client.ecs("ListClusters", &json!({}))?.code);
    let codes = (0..4).map(|_| list()).collect::<Result<Vec<_>>>()?;
    let throttled = Some("ThrottlingException".to_owned());
    assert_eq!(codes, [None, None, None, throttled.clone()]);
    // The same limits again fill nothing up.
    account.cloud.proxy.set_faults(Faults { limits, ..Faults::default() });
    assert_eq!(list()?, throttled);
    until("a token come back", 5.0, || list().is_ok_and(|code| code.is_none()).then_some(()))?;

    account.run(&tasks(10, "a"))?.ok()?;
    account.run(&tasks(10, "b"))?.ok()?;
    assert_eq!(account.run(&tasks(10, "c"))?.code, throttled);
    let launch = || account.run(&tasks(10, "c")).is_ok_and(|answer| answer.status == 200).then_some(());
    until("room for ten tasks", 5.0, launch)?;
    assert_eq!(account.cloud.units()?.len(), 30);
    Ok(())
}
