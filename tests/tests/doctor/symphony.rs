//! Sessions of Symphony.

use scaler_wm_tests::{Commanded, ManagerOptions, Result, Stack, StackOptions, Symphony};

use crate::planted::options;

#[test]
fn sessions_that_a_killed_manager_leaves_are_found_and_ended() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let symphony = Symphony::new(&stack)?;
    let environment = vec![("SCALER_SOAM_SIM_INSTANCES".to_owned(), "8".to_owned())];
    let of = |id| ManagerOptions { backend: symphony.backend(), environment: environment.clone(), ..options(id, &[]) };
    let mut killed = stack.connected_manager(&of("wm1"))?;
    let client = Commanded::new(&stack)?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2])?;
    killed.kill();
    let session = symphony.sessions().pop().expect("a session");

    // Another manager knows nothing of it.
    let report = stack.doctor(&of("other"), &["--delete", "--yes", "--json"])?;
    stack.check(report.code == Some(0) && report.found()?.is_empty(), "nothing of the other", format!("{report:?}"))?;
    stack.check(symphony.sessions() == [&*session], "the session", format!("{:?}", symphony.sessions()))?;

    let report = stack.doctor(&of("wm1"), &["--json"])?;
    let found = report.found()?;
    let is_waiting = found.get(&session).is_some_and(|state| state == "waiting");
    stack.check(is_waiting && report.code == Some(1), "the session that waits", format!("{report:?}"))?;
    let notes = &report.json()?["managers"][0]["notes"];
    stack.check(notes.to_string().contains("cannot be listed"), "what is never told", notes)?;
    let report = stack.doctor(&of("wm1"), &["--delete", "--yes", "--json"])?;
    stack.check(report.code == Some(0) && report.found()?.is_empty(), "a good end", format!("{report:?}"))?;
    stack.check(symphony.sessions().is_empty(), "no session left", format!("{:?}", symphony.sessions()))?;
    stack.until("no instance left", 10.0, || symphony.instances().is_empty().then_some(()))
}
