//! Both journals, as the manager uses them.

mod common;

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use common::launch;
use scaler_wm_core::{
    Entry, Journal, Launch, LaunchId, Receipt, Settled, TaskEntry, TaskId, TaskJournal, Ticket, Timestamp, UnitId,
};
use scaler_wm_journal::{MemoryJournal, RedbJournal};
use tempfile::TempDir;

fn file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("journal.redb");
    (directory, path)
}

async fn ids(journal: &dyn Journal) -> Vec<String> {
    journal.load().await.expect("load").iter().map(|entry| entry.launch.id.to_string()).collect()
}

fn entry(launch: Launch) -> Entry {
    Entry { launch, receipt: None, settled: None, settled_at: None }
}

/// The whole life of launches, for every journal.
async fn keeps_the_contract(journal: &dyn Journal) {
    for (id, at) in [("c", 20), ("a", 30), ("b", 10), ("0", 20)] {
        journal.open(&launch(id, at)).await.expect("open");
    }
    assert_eq!(ids(journal).await, ["b", "0", "c", "a"]);

    let receipt = Receipt(Bytes::from_static(b"receipt"));
    let settled = Settled { units: vec![UnitId::from("unit")], missing: 2 };
    let at = Timestamp::from_millis(40);
    journal.receipt(&LaunchId::from("c"), &receipt).await.expect("receipt");
    journal.settle(&LaunchId::from("a"), &settled, at).await.expect("settle");
    journal.open(&launch("c", 20)).await.expect("the same launch again");
    let entries = journal.load().await.expect("load");
    assert_eq!(entries[0], entry(launch("b", 10)));
    assert_eq!(entries[2], Entry { receipt: Some(receipt.clone()), ..entry(launch("c", 20)) });
    let settled_entry = Entry { settled: Some(settled.clone()), settled_at: Some(at), ..entry(launch("a", 30)) };
    assert_eq!(entries[3], settled_entry);

    journal.forget(&[]).await.expect("nothing to forget");
    journal.forget(&["b", "a", "never"].map(LaunchId::from)).await.expect("forget");
    journal.settle(&LaunchId::from("a"), &settled, at).await.expect("an unknown launch is no error");
    journal.receipt(&LaunchId::from("a"), &receipt).await.expect("an unknown launch is no error");
    assert_eq!(ids(journal).await, ["0", "c"]);
}

fn task(name: &str, handle: Option<&'static str>) -> TaskEntry {
    TaskEntry { task: TaskId::from(name), handle: handle.map(|handle| Bytes::from_static(handle.as_bytes())) }
}

fn ticket(name: &str, handle: &'static str) -> Ticket {
    Ticket { task: TaskId::from(name), handle: Bytes::from_static(handle.as_bytes()) }
}

/// The whole life of tasks, for every journal.
async fn keeps_tasks(journal: &dyn TaskJournal) {
    journal.handing_over(&["a", "b", "c"].map(TaskId::from)).await.expect("record");
    journal
        .handed_over(&[ticket("b", "job"), ticket("never", "job")])
        .await
        .expect("one that nobody knows is no error");
    assert_eq!(journal.tasks().await.expect("load"), [task("a", None), task("b", Some("job")), task("c", None)]);

    journal.handing_over(&["b", "c"].map(TaskId::from)).await.expect("the same again keeps what is known");
    journal.handed_over(&[ticket("c", "")]).await.expect("a handle of no bytes is one");
    journal.ended(&["a", "never"].map(TaskId::from)).await.expect("forget");
    journal.ended(&[]).await.expect("nothing to forget");
    assert_eq!(journal.tasks().await.expect("load"), [task("b", Some("job")), task("c", Some(""))]);
}

#[tokio::test]
async fn the_file_keeps_the_contract() {
    let (_directory, path) = file();
    let journal = RedbJournal::open(&path).expect("open");
    keeps_the_contract(&journal).await;
    keeps_tasks(&journal).await;
    let before = journal.tasks().await.expect("load");
    drop(journal);
    let journal = RedbJournal::open(&path).expect("open again");
    assert_eq!(journal.tasks().await.expect("load"), before);
    assert_eq!(ids(&journal).await, ["0", "c"], "launches have a table of their own");
}

#[tokio::test]
async fn the_memory_keeps_the_contract() {
    let journal = MemoryJournal::new();
    keeps_the_contract(&journal).await;
    keeps_tasks(&journal).await;
}

#[tokio::test]
async fn what_was_recorded_is_there_after_reopening() {
    let (_directory, path) = file();
    let journal = RedbJournal::open(&path).expect("open");
    journal.open(&launch("one", 1)).await.expect("record");
    journal.receipt(&LaunchId::from("one"), &Receipt(Bytes::from_static(b"r"))).await.expect("receipt");
    let before = journal.load().await.expect("load");
    drop(journal);
    let journal = RedbJournal::open(&path).expect("open at once after the drop");
    assert_eq!(journal.load().await.expect("load"), before);
    assert_eq!(before.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tasks_record_at_once() {
    let (_directory, path) = file();
    let journal = Arc::new(RedbJournal::open(&path).expect("open"));
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move { journal.open(&launch(&format!("{n:03}"), n)).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("recorded");
    }
    let expected: Vec<_> = (0..200).map(|n| format!("{n:03}")).collect();
    assert_eq!(ids(&*journal).await, expected);
    drop(journal);
    assert_eq!(ids(&RedbJournal::open(&path).expect("open")).await, expected);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let (_directory, path) = file();
    let _journal = RedbJournal::open(&path).expect("open");
    let mode = std::fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Measures; run with `--release -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn commits_per_second() {
    for tasks in [1_u64, 200] {
        // Not in /tmp, which may be memory: the directory can be named.
        let directory = std::env::var_os("JOURNAL_DIRECTORY").map_or_else(std::env::temp_dir, PathBuf::from);
        let directory = tempfile::tempdir_in(directory).expect("a directory");
        let journal = Arc::new(RedbJournal::open(&directory.path().join("journal.redb")).expect("open"));
        let each = if tasks == 1 { 500 } else { 50 };
        let begun = std::time::Instant::now();
        let running: Vec<_> = (0..tasks)
            .map(|task| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    for n in 0..each {
                        journal.open(&launch(&format!("{task}-{n}"), n)).await.expect("recorded");
                    }
                })
            })
            .collect();
        for task in running {
            task.await.expect("no panic");
        }
        let records = tasks * each;
        let took = begun.elapsed();
        println!("{tasks} tasks: {records} records in {took:?}, {:.0}/s", records as f64 / took.as_secs_f64());
    }
}
