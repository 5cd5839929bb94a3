//! Local workers at a scheduler that runs.

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use scaler_wm_tests::{
    Failure, Good, LATEST, ManagerOptions, OLDEST, Ports, Result, Stack, StackOptions, Transport, Venv, is_listening,
    self_signed,
};

use crate::setup::told;

#[test]
fn all_is_good_and_nobody_has_noticed() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let before = stack.scheduler().file().text();
    let storage = stack.storage_address();
    let looked = stack.preflight(&told(&["--object-storage-address", &storage, "--preload", "json.decoder:scan"]))?;
    let all = ["scheduler", "monitor", "manager id", "state folder", "object storage", "python", "preload", "memory"];
    looked.is_good(&all)?;
    looked.says("scheduler", "ok", &["version 2 of the wire", "2.7.0"])?;
    looked.says("python", "ok", &[&format!("opengris-scaler {LATEST}")])?;
    // Nothing was made, nothing was started, and the scheduler has nothing to say.
    stack.check(!stack.folder().join("state-wm1").exists(), "no state folder", "it was made")?;
    stack.check(stack.manager_processes().is_empty(), "nothing started", "something was")?;
    stack.check(
        stack.scheduler().file().text() == before,
        "a scheduler that was left alone",
        stack.scheduler().file().text(),
    )?;
    stack.check(is_listening(stack.ports().scheduler), "the scheduler still there", "it has gone")
}

#[test]
fn an_id_that_is_in_use_is_found_and_its_manager_is_left_alone() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let mut live = stack.connected_manager(&told(&[]))?;
    let elsewhere = ManagerOptions { state_folder: Some(stack.folder().join("other")), ..told(&[]) };
    // The monitor tells of it within a second or so.
    let found = || stack.preflight(&elsewhere).ok().filter(|looked| looked.names("failed").contains("manager id"));
    let looked = stack.until("the id found in use", 10.0, found)?;
    looked.has_failed("manager id", &["`wm1` is in use", "worker_manager_baremetal_native", "--worker-manager-id"])?;
    // In its own folder it is known who has it; what the scheduler knows is then the same manager.
    let pid = format!("process {}", live.pid());
    stack.preflight(&told(&[]))?.has_failed("state folder", &[&pid, "--worker-manager-id"])?;
    // Another id is free.
    stack.preflight(&ManagerOptions { id: "wm2".to_owned(), ..told(&[]) })?.is_good(&["manager id", "state folder"])?;
    stack.check(live.exited().is_none(), "the live manager untouched", live.log().tail(5))?;
    // After a kill its folder is free at once, and the next manager takes over what the scheduler knows.
    live.kill();
    let looked = stack.preflight(&told(&[]))?;
    looked.is_good(&["state folder"])?;
    looked.says("manager id", "ok", &["taken over"])
}

#[test]
fn an_address_at_which_somebody_else_listens_is_found() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let taken = TcpListener::bind("127.0.0.1:0").map_err(|error| Failure::new("listen", error))?;
    let address = taken.local_addr().map_err(|error| Failure::new("know where", error))?.to_string();
    let flags = ["--http-address", &address];
    stack.preflight(&told(&flags))?.has_failed("http_address", &[&address, "in use", "another address"])?;
    drop(taken);
    stack.preflight(&told(&flags))?.is_good(&["http_address"])
}

#[test]
fn a_scheduler_that_is_not_there_is_found() -> Result<()> {
    let mut stack = Stack::start(StackOptions::default())?;
    stack.stop_scheduler()?;
    let looked = stack.preflight(&told(&[]))?;
    looked.has_failed("scheduler", &["refused", "mend the address"])?;
    looked.says("manager id", "skipped", &["monitor"])
}

#[test]
fn something_else_at_the_address_is_found() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let port = Ports::single()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| Failure::new("listen", error))?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A server that speaks first, as those of mail do.
            drop(stream.write_all(b"220 mail.example ready\r\n"));
        }
    });
    let options = ManagerOptions { monitor_address: Some(stack.monitor_address()), ..told(&[]) };
    let looked = stack.preflight_at(&format!("tcp://127.0.0.1:{port}"), &options)?;
    looked.has_failed("scheduler", &["does not speak YMQ", "check the address"])
}

#[test]
fn workers_of_another_release_than_the_scheduler_are_found() -> Result<()> {
    let old = Stack::start(StackOptions { release: OLDEST, ..StackOptions::default() })?;
    let looked = old.preflight(&told(&[]))?;
    looked.is_good(&["scheduler", "manager id", "python"])?;
    looked.says("scheduler", "ok", &["version 1 of the wire"])?;
    let newer = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let looked = old.preflight(&told(&["--python", &newer.python().to_string_lossy()]))?;
    looked.has_failed("python", &["speaks version 2", "the scheduler speaks version 1", "--python"])
}

#[test]
fn what_is_missing_on_this_host_is_found() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let bare = Venv::bare(&stack.folder().join("bare"))?;
    let looked = stack.preflight(&told(&["--python", &bare.to_string_lossy()]))?;
    looked.has_failed("python", &["not installed", "pip install opengris-scaler"])?;
    stack.preflight(&told(&["--python", "/bin/false"]))?.has_failed("python", &["/bin/false", "--python"])?;
    stack.preflight(&told(&["--preload", "no_such:thing()"]))?.has_failed("preload", &["no_such", "--preload"])?;
    stack.preflight(&ManagerOptions { limit: 10_000_000, ..told(&[]) })?.has_failed("open files", &["ulimit"])?;
    let nowhere = ManagerOptions { state_folder: Some("/dev/null/state".into()), ..told(&[]) };
    stack.preflight(&nowhere)?.has_failed("state folder", &["/dev/null", "--state-dir"])?;
    let closed = format!("tcp://127.0.0.1:{}", Ports::single()?);
    stack.preflight(&told(&["--object-storage-address", &closed]))?.has_failed("object storage", &["refused"])
}

#[test]
fn a_monitor_that_is_not_heard_is_a_warning_for_those_that_can_do_without() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let monitor_address = Some(format!("tcp://127.0.0.1:{}", Ports::single()?));
    let looked = stack.preflight(&ManagerOptions { monitor_address, ..told(&[]) })?;
    stack.check(looked.code == Some(0), "exit code 0", &looked.said)?;
    looked.says("monitor", "warning", &["refused", "busy"])?;
    looked.says("manager id", "skipped", &["monitor"])
}

#[test]
fn a_wrong_flag_looks_at_nothing() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let looked = stack.preflight(&told(&["--max-task-concurency", "2"]))?;
    let is_refused = looked.code == Some(2) && looked.checks.is_empty();
    stack.check(is_refused && looked.said.contains("--max-task-concurrency"), "exit code 2", &looked.said)
}

#[test]
fn a_scheduler_that_nobody_vouches_for_is_found_and_survives() -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder for a certificate", error))?;
    let shown = self_signed(folder.path(), "scheduler", &["127.0.0.1"], Good::Now, true)
        .map_err(|error| Failure::new("make a certificate", error))?;
    let transport = Transport::Tls(shown.file.clone(), shown.key);
    let stack = Stack::start(StackOptions { transport, ..StackOptions::default() })?;
    stack.preflight(&told(&[]))?.has_failed("scheduler", &["trusts", "--tls-ca", "--tls-pin"])?;
    let authority = shown.file.to_string_lossy();
    stack.preflight(&told(&["--tls-ca", &authority]))?.is_good(&["scheduler", "monitor", "manager id"])?;
    // Another transport than the address names.
    let plain = stack.address().replace("tls://", "tcp://");
    stack.preflight_at(&plain, &told(&[]))?.has_failed("scheduler", &["tls://"])?;
    stack.check(is_listening(stack.ports().scheduler), "the scheduler still there", "it has gone")
}

#[test]
fn zeromq_is_looked_at_like_anything_else() -> Result<()> {
    let stack = Stack::start(StackOptions { transport: Transport::Zmq, ..StackOptions::default() })?;
    let looked = stack.preflight(&told(&[]))?;
    looked.is_good(&["scheduler", "monitor", "manager id", "python"])
}
