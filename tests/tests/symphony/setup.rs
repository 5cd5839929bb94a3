//! How managers of these tests are started.

use scaler_wm_tests::{Manager, ManagerOptions, Result, Stack, StackOptions, Symphony};

/// A stack, a cluster, and a manager of one agent with 100 tasks at a time.
pub(crate) fn start(extra: &[&str]) -> Result<(Stack, Symphony, Manager)> {
    let stack = Stack::start(StackOptions::default())?;
    let symphony = Symphony::new(&stack)?;
    let manager = stack.connected_manager(&options(&symphony, extra))?;
    Ok((stack, symphony, manager))
}

/// A manager that is told this besides.
pub(crate) fn options(symphony: &Symphony, extra: &[&str]) -> ManagerOptions {
    let extra = extra.iter().map(|word| (*word).to_owned()).collect();
    // More instances than tests hold tasks.
    let environment = vec![("SCALER_SOAM_SIM_INSTANCES".to_owned(), "8".to_owned())];
    ManagerOptions { backend: symphony.backend(), limit: 100, extra, environment, ..ManagerOptions::default() }
}

/// A manager ends well, with its sessions and whatever ran in them.
pub(crate) fn ends_clean(stack: &Stack, symphony: &Symphony, manager: &mut Manager) -> Result<()> {
    manager.terminate();
    let status = manager.wait(40.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    nothing_left(stack, symphony)
}

/// No session, and no instance.
pub(crate) fn nothing_left(stack: &Stack, symphony: &Symphony) -> Result<()> {
    let sessions = symphony.sessions();
    stack.check(sessions.is_empty(), "no session left", format!("{sessions:?}"))?;
    stack.until("no instance left", 10.0, || symphony.instances().is_empty().then_some(()))
}

/// A manager that cannot work ends, and says why and what to do.
pub(crate) fn refuses(extra: &[&str], environment: (&str, &str), said: &[&str]) -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let symphony = Symphony::new(&stack)?;
    let mut wrong = options(&symphony, extra);
    wrong.environment.push((environment.0.to_owned(), environment.1.to_owned()));
    let mut manager = stack.manager(&wrong)?;
    let status = manager.wait(20.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(2), "exit code 2", status)?;
    let lines = manager.log().lines_with(said);
    stack.check(lines.len() == 1, &format!("{said:?}"), manager.log().tail(5))?;
    let secrets = manager.log().lines_with(&["hush"]);
    stack.check(secrets.is_empty(), "no password in the log", format!("{secrets:?}"))
}
