//! A scheduler that comes back: with another certificate, or where nobody notices that it was away.

use std::fs;

use scaler_wm_tests::{Authority, Failure, Good, ManagerOptions, Result, Script, Stack, StackOptions, Transport};

use crate::{folder, signed, tls};

#[test]
fn work_goes_on_after_the_certificate_and_its_authority_were_renewed() -> Result<()> {
    let folder = folder()?;
    let (authority, shown) = signed(folder.path())?;
    let failed = |error: std::io::Error| Failure::new("renew certificates", error);
    let mut stack = Stack::start(StackOptions { transport: tls(&shown), ..StackOptions::default() })?;
    let extra = vec!["--tls-ca".to_owned(), authority.file.display().to_string()];
    let manager = stack.connected_manager(&ManagerOptions { extra, ..ManagerOptions::default() })?;

    stack.stop_scheduler()?;
    let made = |error| Failure::new("make certificates", error);
    let next = Authority::new(folder.path(), "next").map_err(made)?;
    let new = next.sign(folder.path(), "new", &["127.0.0.1"], Good::Now).map_err(made)?;
    fs::copy(&new.file, &shown.file).map_err(failed)?;
    fs::copy(&new.key, &shown.key).map_err(failed)?;
    stack.start_scheduler()?;
    // The storage kept its old one, which only workers and the scheduler look at, and they look at none.
    let refused = || manager.log().lines_with(&["vouches for its certificate"]).first().cloned();
    stack.until("the new certificate refused", 20.0, refused)?;
    fs::copy(&next.file, &authority.file).map_err(failed)?;
    stack.until("the manager at the new scheduler", 20.0, || stack.scheduler().manager_connected().then_some(()))?;

    let mut client = stack.client(&Script::Workload { tasks: 10, seconds: 0.1 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 10, "10 right results", format!("{finished:?}"))
}

#[test]
fn work_goes_on_after_the_scheduler_was_restarted_over_zeromq() -> Result<()> {
    let mut stack = Stack::start(StackOptions { transport: Transport::Zmq, ..StackOptions::default() })?;
    let _manager = stack.connected_manager(&ManagerOptions::default())?;
    stack.stop_scheduler()?;
    stack.start_scheduler()?;
    stack.until("the manager at the new scheduler", 60.0, || stack.scheduler().manager_connected().then_some(()))?;
    let mut client = stack.client(&Script::Workload { tasks: 10, seconds: 0.1 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 10, "10 right results", format!("{finished:?}"))
}
