//! A disk without room, for which a limit on the size of files stands in.

#![cfg(unix)]

mod common;

use std::{path::Path, process::Command};

use bytes::Bytes;
use common::launch;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use scaler_wm_core::{Journal, Launch};
use scaler_wm_journal::RedbJournal;

const LIMITED: &str = "JOURNAL_LIMITED";

#[tokio::test]
async fn the_journal_recovers_once_there_is_room() {
    if std::env::var_os(LIMITED).is_some() {
        return fill_and_make_room().await;
    }
    // A process of its own, since the limit is one of the process; the shell, since ignoring the signal that comes
    // with the limit takes unsafe code here.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this binary"))
        .args(["--exact", "the_journal_recovers_once_there_is_room"])
        .env(LIMITED, "1")
        .status()
        .expect("start");
    assert!(status.success(), "{status}");
}

async fn fill_and_make_room() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("journal.redb");
    let journal = RedbJournal::open(&path).expect("open");
    journal.open(&launch("before", 1)).await.expect("record");

    let unlimited = getrlimit(Resource::Fsize);
    let limit = Rlimit { current: Some(size(&path)), ..unlimited };
    setrlimit(Resource::Fsize, limit).expect("limit");
    let large = Launch { spec: Bytes::from(vec![7; 4 << 20]), ..launch("large", 2) };
    let error = journal.open(&large).await.expect_err("no room");
    assert!(error.kind().is_retryable(), "{error}");

    setrlimit(Resource::Fsize, unlimited).expect("limit");
    journal.open(&large).await.expect("there is room now");
    journal.open(&launch("after", 3)).await.expect("record");
    let entries = journal.load().await.expect("load");
    let ids: Vec<_> = entries.iter().map(|entry| entry.launch.id.as_str()).collect();
    assert_eq!(ids, ["before", "large", "after"]);
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).expect("there").len()
}
