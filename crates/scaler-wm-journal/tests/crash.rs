//! A process that is killed right after a launch was recorded.

mod common;

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use common::launch;
use scaler_wm_core::Journal;
use scaler_wm_journal::RedbJournal;

/// Names the file to the process that is to be killed: this same test binary.
const VICTIM: &str = "JOURNAL_CRASH_VICTIM";
const RECORDED: &str = "recorded";

#[tokio::test]
async fn a_launch_survives_kill_nine() {
    if let Some(path) = std::env::var_os(VICTIM) {
        return record_and_wait(&PathBuf::from(path)).await;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("journal.redb");
    for round in 1..=3 {
        let mut victim = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "a_launch_survives_kill_nine", "--nocapture"])
            .env(VICTIM, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start");
        let lines = BufReader::new(victim.stdout.take().expect("piped")).lines();
        let recorded = lines.map_while(Result::ok).any(|line| line.ends_with(RECORDED));
        victim.kill().expect("kill");
        victim.wait().expect("reap");
        assert!(recorded, "the process ended before it had recorded");

        let journal = RedbJournal::open(&path).expect("open after the kill");
        assert_eq!(journal.load().await.expect("load").len(), round);
    }
}

/// Ends with its standard input, should nobody kill it.
async fn record_and_wait(path: &Path) {
    let journal = RedbJournal::open(path).expect("open");
    let number = journal.load().await.expect("load").len();
    journal.open(&launch(&format!("launch-{number}"), 1)).await.expect("record");
    println!("{RECORDED}");
    let _ = std::io::stdin().lines().next();
}
