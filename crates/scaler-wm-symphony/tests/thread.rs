//! What the thread asks of a library, and when: over a stub (`stub/stub.c`) that writes down each call.

#![expect(clippy::unwrap_used, reason = "a compiler that fails ends the test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use scaler_wm_core::{CancelOutcome, Close, ErrorKind, Inputs, Submission, TaskEntry, TaskExecutor, TaskId};
use scaler_wm_symphony::{SymphonyConfig, SymphonyExecutor};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stub, and what it writes down.
struct Stub {
    folder: TempDir,
    config: SymphonyConfig,
}

impl Stub {
    /// One of its own for each test: it counts.
    fn new(application: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let library = compile(folder.path(), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stub/stub.c"));
        let user = folder.path().join("calls").display().to_string();
        let sessions = Some(folder.path().join("sessions"));
        let config = SymphonyConfig { library, user, sessions, ..SymphonyConfig::new(application) };
        Self { folder, config }
    }

    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Calls, once this one is among them.
    async fn called(&self, call: &str) {
        let began = Instant::now();
        while !self.calls().iter().any(|line| line.starts_with(call)) {
            assert!(began.elapsed() < PATIENCE, "no {call}: {:?}", self.calls());
            sleep(Duration::from_millis(1)).await;
        }
    }
}

fn compile(folder: &Path, source: &str) -> PathBuf {
    let library = folder.join("libstub.so");
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/include");
    let flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", include, "-o"];
    let compiled = Command::new("cc").args(flags).arg(&library).arg(source).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    library
}

fn submission(name: &str) -> Submission {
    let inputs = Inputs { serializer: Bytes::from_static(b"s"), function: Bytes::from_static(b"f"), arguments: vec![] };
    Submission { task: TaskId::from(name), client: Bytes::new(), inputs }
}

/// Hands one task over that is taken.
async fn submit(executor: &SymphonyExecutor, name: &str) {
    let answers = executor.submit(vec![submission(name)]).await;
    assert!(matches!(&answers[..], [(task, Ok(_))] if *task == TaskId::from(name)), "{answers:?}");
    assert_eq!(timeout(PATIENCE, executor.next()).await.unwrap().task, TaskId::from(name));
}

#[tokio::test]
async fn a_thread_that_nobody_waits_for_ends() {
    let stub = Stub::new("refuse");
    let start = SymphonyExecutor::start(stub.config.clone());
    tokio::select! {
        started = start => panic!("nobody answers: {started:?}"),
        () = stub.called("connect") => {}
    }
    let calls = stub.calls();
    let (_, thread) = calls[0].split_once(' ').unwrap();
    let thread = Path::new("/proc/self/task").join(thread);
    let began = Instant::now();
    while thread.exists() {
        assert!(began.elapsed() < PATIENCE, "it still tries: {:?}", stub.calls());
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn no_session_is_made_for_tasks_that_were_canceled() {
    let stub = Stub::new("hold");
    let executor = Arc::new(SymphonyExecutor::start(stub.config.clone()).await.unwrap());
    let batch = ["first", "second", "third"].map(submission).to_vec();
    let submitting = tokio::spawn({
        let executor = Arc::clone(&executor);
        async move { executor.submit(batch).await }
    });
    stub.called("create").await;
    let rest = ["second", "third"].map(TaskId::from);
    let canceled = executor.cancel(&rest, false).await;
    assert!(canceled.iter().all(|(_, outcome)| matches!(outcome, Ok(CancelOutcome::Canceled))), "{canceled:?}");
    fs::write(stub.folder.path().join("calls.go"), "").unwrap();
    let kinds: Vec<_> = submitting.await.unwrap().into_iter().map(|(_, answer)| answer.unwrap_err().kind()).collect();
    assert_eq!(kinds, [ErrorKind::Failed, ErrorKind::Conflict, ErrorKind::Conflict]);
    assert_eq!(stub.calls().iter().filter(|call| call.starts_with("create")).count(), 1, "{:?}", stub.calls());
    executor.close(Close::Cancel).await.unwrap();
}

#[tokio::test]
async fn new_tasks_go_to_a_session_of_the_options_of_today() {
    let stub = Stub::new("works");
    let config = SymphonyConfig { session_tag: Some("today".to_owned()), priority: Some(7), ..stub.config.clone() };
    let executor = SymphonyExecutor::start(config).await.unwrap();
    let known = TaskEntry { task: TaskId::from("old"), handle: Some(Bytes::from_static(b"yesterday\n1")) };
    assert_eq!(executor.recover(vec![known]).await.unwrap().len(), 1);
    submit(&executor, "new").await;
    submit(&executor, "newer").await;
    executor.close(Close::Keep).await.unwrap();
    let calls = stub.calls();
    assert_eq!(calls[1..5], ["open yesterday", "create tag=today priority=7", "submit made-1", "submit made-1"]);
    assert!(calls.contains(&"detach yesterday".to_owned()), "{calls:?}");
}

#[tokio::test]
async fn a_session_that_was_opened_again_gets_no_new_tasks_and_ends_when_its_own_have() {
    let stub = Stub::new("works");
    let executor = SymphonyExecutor::start(stub.config.clone()).await.unwrap();
    submit(&executor, "a").await;
    let answers = executor.submit(vec![submission("lost")]).await;
    assert_eq!(answers[0].1.as_ref().unwrap_err().kind(), ErrorKind::Transient);
    submit(&executor, "b").await;
    executor.close(Close::Cancel).await.unwrap();
    let about = stub.calls().split_off(3);
    let expected = [
        "submit made-1",
        "detach made-1",
        "open made-1",
        "destroy made-1",
        "create tag= priority=0",
        "submit made-2",
        "destroy made-2",
    ];
    assert_eq!(about, expected);
    assert_eq!(fs::read_to_string(stub.folder.path().join("sessions")).unwrap(), "", "none is on record");
}

#[tokio::test]
async fn a_library_that_is_none_of_ours_stays_loaded() {
    let folder = TempDir::new().unwrap();
    let source = folder.path().join("none.c");
    fs::write(&source, "int scaler_soam_none;\n").unwrap();
    let library = compile(folder.path(), source.to_str().unwrap());
    let config = SymphonyConfig { library: library.clone(), ..SymphonyConfig::new("works") };
    let error = SymphonyExecutor::start(config).await.unwrap_err();
    assert!(error.to_string().contains("has no scaler_soam_get_api"), "{error}");
    // Its initializers may have begun threads.
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    assert!(maps.contains(library.to_str().unwrap()));
}
