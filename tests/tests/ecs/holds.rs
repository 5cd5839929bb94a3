//! Calls that are held at a chosen moment.

use std::thread;

use scaler_wm_tests::{HoldPoint, Outcome, Result};

use crate::account::{Account, members, tasks};

#[test]
fn a_call_held_before_is_made_when_it_is_released_and_never_when_it_is_dropped() -> Result<()> {
    let account = Account::idle()?;
    let proxy = &account.cloud.proxy;
    for is_dropped in [true, false] {
        let held = proxy.hold("RunTask", HoldPoint::Before);
        thread::scope(|scope| {
            let call = scope.spawn(|| account.run(&tasks(1, "a")));
            held.wait(5.0)?;
            assert_eq!((account.cloud.units()?.len(), proxy.under_way("RunTask")), (0, 1));
            if is_dropped {
                held.drop_it();
            } else {
                held.release();
            }
            assert_eq!(call.join().expect("it does not panic").is_err(), is_dropped);
            Result::Ok(())
        })?;
    }
    let outcomes: Vec<_> = proxy.calls_of("RunTask").iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [Outcome::Dropped, Outcome::Forwarded]);
    assert_eq!((account.cloud.units()?.len(), proxy.under_way("RunTask")), (1, 0));
    Ok(())
}

#[test]
fn a_call_held_after_has_been_made_and_its_answer_comes_when_it_is_released() -> Result<()> {
    let account = Account::idle()?;
    let held = account.cloud.proxy.hold("RunTask", HoldPoint::After);
    thread::scope(|scope| {
        let call = scope.spawn(|| account.run(&tasks(2, "a")));
        held.wait(5.0)?;
        assert_eq!(account.cloud.units()?.len(), 2);
        // Only the next call is held.
        account.run(&tasks(1, "b"))?.ok()?;
        assert_eq!(account.cloud.proxy.calls_of("RunTask")[0].in_flight, 1);
        held.release();
        let answer = call.join().expect("it does not panic")?.ok()?;
        assert_eq!(members(&answer, "tasks").len(), 2);
        Result::Ok(())
    })?;
    // One that goes without a word holds nobody.
    drop(account.cloud.proxy.hold("RunTask", HoldPoint::Before));
    account.run(&tasks(1, "c"))?.ok()?;
    Ok(())
}
