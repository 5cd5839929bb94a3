//! Scale up, work, scale down: over every scheme and both network backends, with both releases.

use scaler_wm_tests::{
    Failure, LATEST, LogFile, ManagerOptions, OLDEST, Process, Result, Script, Stack, StackOptions, Transport,
    manager_binary,
};

use scaler_wm_wire::ymq::Trust;

use crate::{folder, signed, storage::keeps_an_object};

fn works(release: &'static str) -> Result<()> {
    let folder = folder()?;
    let (authority, shown) = signed(folder.path())?;
    let (certificate, key) = (&shown.file, &shown.key);
    let trust = ["--tls-ca".to_owned(), authority.file.display().to_string()];
    for (scheme, transport, flags) in [
        ("tls", Transport::Tls(certificate.clone(), key.clone()), &trust[..]),
        ("ws", Transport::Ws, &[]),
        ("wss", Transport::Wss(certificate.clone(), key.clone()), &trust[..]),
        ("zmq", Transport::Zmq, &[]),
    ] {
        let stack = Stack::start(StackOptions { release, transport, ..StackOptions::default() })?;
        keeps_an_object(&stack.storage_address(), Trust::File(authority.file.clone()))?;
        let options = ManagerOptions {
            cooldown: Some(1.0),
            queue_size: Some(8),
            extra: flags.to_vec(),
            ..ManagerOptions::default()
        };
        let mut manager = stack.connected_manager(&options)?;
        let trace = stack.folder().join("trace.jsonl");
        let mut recorder = record(&stack, flags, &trace)?;
        let mut client = stack.client(&Script::Workload { tasks: 60, seconds: 0.2 })?;
        stack.until("workers", 30.0, || (stack.connected() >= 2).then_some(()))?;
        let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
        stack.check(finished.right && finished.done == 60, "60 right results", format!("{finished:?}"))?;
        stack.until_connected(0, 20.0)?;
        // Idle ones went first: so the monitor was heard, too.
        let heard = manager.log().lines_with(&["connected to the scheduler's monitor"]).len();
        stack.check(heard == 1, "the monitor heard", manager.log().tail(10))?;
        stack.check(manager.exited().is_none(), "the manager still there", "it has ended")?;
        recorder.terminate();
        let recorded = recorder.wait(5.0)?.success() && recorder.log().lines_with(&["60 tasks, 0 left out"]).len() == 1;
        stack.check(recorded, "60 tasks recorded", recorder.log().tail(5))?;
        manager.terminate();
        stack.until_nothing_left(15.0)?;
        println!("{scheme:<4} {release}  storage, up, 60 tasks in {:.1} s, down, recorded: good", finished.seconds);
    }
    Ok(())
}

fn record(stack: &Stack, flags: &[String], trace: &std::path::Path) -> Result<Process> {
    let mut command = std::process::Command::new(manager_binary()?);
    command.arg("record").arg(stack.monitor_address()).arg("-o").arg(trace).args(flags).envs(stack.environment());
    let recorder = Process::start("recorder", &mut command, LogFile::new(stack.folder().join("record.log")))?;
    stack
        .until("the recorder hear the monitor", 20.0, || {
            (!recorder.log().lines_with(&["recording "]).is_empty()).then_some(())
        })
        .map_err(|failure| Failure::new("record", failure))?;
    Ok(recorder)
}

#[test]
fn a_stack_works_over_every_scheme() -> Result<()> {
    works(LATEST)
}

#[test]
fn a_stack_of_the_oldest_release_works_over_every_scheme() -> Result<()> {
    works(OLDEST)
}
