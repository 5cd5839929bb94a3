//! Files that cannot be used, and what the user is told.

mod common;

use std::path::{Path, PathBuf};

use common::launch;
use redb::{Database, TableDefinition};
use scaler_wm_core::{ErrorKind, Journal, LaunchId, Settled, Timestamp};
use scaler_wm_journal::RedbJournal;
use tempfile::TempDir;

const LAUNCHES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("launches");
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

async fn with_a_launch() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("journal.redb");
    let journal = RedbJournal::open(&path).expect("open");
    journal.open(&launch("kept", 1)).await.expect("record");
    (directory, path)
}

fn refused(path: &Path) -> String {
    let error = RedbJournal::open(path).expect_err("must be refused");
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_corrupt_record_is_named_and_harms_no_other() {
    let (_directory, path) = with_a_launch().await;
    let database = Database::create(&path).expect("open");
    let transaction = database.begin_write().expect("begin");
    let half: &[u8] = b"{\"launch\":";
    transaction.open_table(LAUNCHES).expect("table").insert("broken", half).expect("insert");
    transaction.commit().expect("commit");
    drop(database);

    let journal = RedbJournal::open(&path).expect("open");
    let error = journal.load().await.expect_err("the record is corrupt");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let text = error.to_string();
    assert!(text.contains("launch broken") && text.contains(&*path.to_string_lossy()), "{text}");
    assert!(text.contains("move the file away"), "{text}");

    let (settled, at) = (Settled { units: vec![], missing: 1 }, Timestamp::from_millis(1));
    let (broken, kept) = (LaunchId::from("broken"), LaunchId::from("kept"));
    let (one, other) = tokio::join!(journal.settle(&broken, &settled, at), journal.settle(&kept, &settled, at));
    assert_eq!(one.expect_err("corrupt").kind(), ErrorKind::Invalid);
    other.expect("not its fault");
    journal.forget(&[broken]).await.expect("forget");
    let entries = journal.load().await.expect("readable again");
    assert_eq!((entries.len(), &entries[0].settled), (1, &Some(settled)));
}

#[tokio::test]
async fn a_newer_format_says_what_it_needs() {
    let (_directory, path) = with_a_launch().await;
    let database = Database::create(&path).expect("open");
    let transaction = database.begin_write().expect("begin");
    {
        let mut meta = transaction.open_table(META).expect("table");
        meta.insert("format", "2").expect("insert");
        meta.insert("needs", "7.8.9").expect("insert");
    }
    transaction.commit().expect("commit");
    drop(database);
    let text = refused(&path);
    assert!(text.contains("format 2") && text.contains("scaler-wm 7.8.9 or later"), "{text}");
}

#[tokio::test]
async fn a_second_opener_is_refused_and_the_first_goes_on() {
    let (_directory, path) = with_a_launch().await;
    let first = RedbJournal::open(&path).expect("open");
    assert!(refused(&path).contains("another process has it open"));
    first.open(&launch("more", 2)).await.expect("record");
    assert_eq!(first.load().await.expect("load").len(), 2);
}

#[test]
fn other_files_are_left_as_they_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = directory.path().join("text");
    std::fs::write(&text, "no journal at all, and long enough to hold a header ".repeat(200)).expect("write");
    let before = std::fs::read(&text).expect("read");
    assert!(refused(&text).contains("not a journal"));
    assert_eq!(std::fs::read(&text).expect("read"), before);

    let foreign = directory.path().join("foreign");
    let database = Database::create(&foreign).expect("create");
    let transaction = database.begin_write().expect("begin");
    transaction.open_table(TableDefinition::<&str, u64>::new("theirs")).expect("table").insert("x", 1).expect("insert");
    transaction.commit().expect("commit");
    drop(database);
    assert!(refused(&foreign).contains("not a journal"));

    assert!(refused(&directory.path().join("absent/journal")).contains("must exist"));
    assert!(refused(directory.path()).contains("is a directory"));
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_no_panic() {
    let (_directory, path) = with_a_launch().await;
    let mut bytes = std::fs::read(&path).expect("read");
    // Everything after the header, which is where the pages are.
    bytes[4096..].fill(0xa5);
    std::fs::write(&path, bytes).expect("write");
    let error = RedbJournal::open(&path).expect_err("must be refused");
    assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
}
