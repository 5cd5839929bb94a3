//! The provider against an interpreter that is none: a script that speaks the helper's protocol, and misbehaves.

use std::{
    fs,
    num::NonZeroU32,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use scaler_wm_core::{Clock, ExitCause, Launch, ManagerId, Provider, Stop, StopAnswer, Tier, Unit, UnitState};
use scaler_wm_native::{Error, ErrorKind, NativeConfig, NativeProvider, WorkerSettings};
use tempfile::TempDir;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);

/// Reads the program and the configuration as an interpreter would, then does as the test says.
const PRELUDE: &str = r#"#!/usr/bin/env python3
import json, os, pathlib, socket, sys
HERE = pathlib.Path(__file__).parent
sock = socket.socket(fileno=0)
source = sock.recv(int(sock.recv(8, socket.MSG_WAITALL)), socket.MSG_WAITALL)
assert source.startswith(b'"""The helper')
lines = sock.makefile("r")
config = json.loads(next(lines))["config"]
def say(**event): sock.sendall(json.dumps(event).encode() + b"\n")
def ready(): say(event="ready", package="9", python="3", executable="x", workers="fork", processors="fork", hooks=True, notes=[], pid=os.getpid(), version="9", kept=[])
def note(word):
    with open(HERE / "notes", "a") as file: file.write(word + "\n")
"#;

/// Runs a provider whose helper does `body`, on one thread.
fn with_helper<T>(body: &str, test: impl AsyncFnOnce(Result<NativeProvider, Error>, &Path) -> T) -> T {
    let folder = TempDir::new().expect("a folder");
    let python = folder.path().join("python");
    fs::write(&python, format!("{PRELUDE}{body}\n")).expect("a script");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).expect("a program");
    let worker = WorkerSettings::new("tcp://127.0.0.1:1".parse().expect("an address"), ManagerId::from("m"));
    let config = NativeConfig { python: Some(python), ..NativeConfig::new(worker) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let provider = NativeProvider::start(config).await;
        timeout(DEADLINE, test(provider, folder.path())).await.expect("the test ends in time")
    })
}

fn launch_of(provider: &NativeProvider, count: u32) -> Launch {
    let count = NonZeroU32::new(count).expect("not 0");
    provider.prepare(count, &Tier::default(), Clock::system().now()).expect("a launch")
}

/// Looks again at each tick until a unit is as wanted.
async fn until(provider: &NativeProvider, is_wanted: impl Fn(&Unit) -> bool) -> Unit {
    let mut changed = provider.changed();
    loop {
        let units = provider.observe(&[]).await.expect("a look").units;
        if let Some(unit) = units.iter().find(|unit| is_wanted(unit)) {
            return Unit::clone(unit);
        }
        changed.changed().await.expect("the provider lives");
    }
}

fn is_gone(unit: &Unit) -> bool {
    matches!(unit.state, UnitState::Gone(_))
}

#[test]
fn what_the_helper_cannot_live_with_is_passed_on_with_its_remedy() {
    let body = r#"say(event="fatal", reason="opengris-scaler 2.3.9 is too old", remedy="python -m pip install it")"#;
    with_helper(body, async |provider, _| {
        let error = provider.expect_err("no provider");
        assert_eq!(error.kind(), ErrorKind::Unusable);
        assert!(!error.is_retryable());
        let message = error.to_string();
        assert!(message.contains("2.3.9 is too old; run: python -m pip install it"), "{message}");
    });
}

#[test]
fn an_interpreter_that_ends_at_once_is_an_error() {
    with_helper("", async |provider, _| {
        let message = provider.expect_err("no provider").to_string();
        assert!(message.contains("ended at once"), "{message}");
    });
}

#[test]
fn a_line_without_end_is_not_kept() {
    let body = r#"
try:
    while True: sock.sendall(b"x" * 65536)
except OSError: pass"#;
    with_helper(body, async |provider, _| {
        let message = provider.expect_err("no provider").to_string();
        assert!(message.contains("none of its events"), "{message}");
    });
}

#[test]
fn the_same_launch_starts_its_workers_once() {
    let body = r#"
ready()
for line in lines:
    message = json.loads(line)
    note(message["op"])
    if message["op"] == "start": say(event="started", name=message["name"], pid=1)"#;
    with_helper(body, async |provider, folder| {
        let provider = provider.expect("a provider");
        let launch = launch_of(&provider, 3);
        for _ in 0..2 {
            assert_eq!(provider.launch(&launch).await.expect("units").units.len(), 3);
        }
        // Once the one of a later launch runs, whatever was asked for before has been seen.
        let last = provider.launch(&launch_of(&provider, 1)).await.expect("a unit").units[0].id.clone();
        until(&provider, |unit| unit.id == last && unit.state == UnitState::Running).await;
        assert_eq!(fs::read_to_string(folder.join("notes")).expect("notes"), "start\n".repeat(4));
    });
}

#[test]
fn an_end_is_told_once_with_its_signal() {
    let body = r#"
ready()
for line in lines:
    name = json.loads(line)["name"]
    say(event="started", name=name, pid=1)
    say(event="exit", name=name, pid=1, signal=9, asked=False)"#;
    with_helper(body, async |provider, _| {
        let provider = provider.expect("a provider");
        provider.launch(&launch_of(&provider, 1)).await.expect("a unit");
        let UnitState::Gone(exit) = until(&provider, is_gone).await.state else { unreachable!() };
        assert_eq!((exit.cause, exit.asked, exit.sure), (ExitCause::Signal(9), false, true));
        assert!(provider.observe(&[]).await.expect("a look").units.is_empty());
    });
}

#[test]
fn a_worker_that_gives_no_answer_counts_as_busy() {
    let body = r#"
ready()
for line in lines:
    message = json.loads(line)
    if message["op"] == "start": say(event="started", name=message["name"], pid=1)"#;
    with_helper(body, async |provider, _| {
        let provider = provider.expect("a provider");
        let unit = provider.launch(&launch_of(&provider, 1)).await.expect("a unit").units[0].id.clone();
        let began = Instant::now();
        let answers = provider.stop(&[unit], Stop::IfIdle).await;
        assert!(matches!(answers[..], [(_, Ok(StopAnswer::Busy))]), "{answers:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    });
}

#[test]
fn a_helper_that_dies_takes_its_units_along_and_the_next_launch_starts_another() {
    let body = r#"
note(str(os.getpid()))
ready()
for line in lines:
    name = json.loads(line)["name"]
    say(event="started", name=name, pid=1)
    if len((HERE / "notes").read_text().split()) == 1: os._exit(1)"#;
    with_helper(body, async |provider, folder| {
        let provider = provider.expect("a provider");
        provider.launch(&launch_of(&provider, 1)).await.expect("a unit");
        let UnitState::Gone(exit) = until(&provider, is_gone).await.state else { unreachable!() };
        assert!(matches!(exit.cause, ExitCause::Lost(_)), "{exit}");
        assert!(!exit.sure, "its workers may still be on their way out");
        provider.launch(&launch_of(&provider, 1)).await.expect("a unit");
        until(&provider, |unit| unit.state == UnitState::Running).await;
        assert_eq!(fs::read_to_string(folder.join("notes")).expect("notes").lines().count(), 2);
    });
}
