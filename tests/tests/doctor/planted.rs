//! Managers that are killed with everything on record, and what is planted beside.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use scaler_wm_core::{Entry, Journal, Launch, LaunchId, Tier, Timestamp, Token};
use scaler_wm_journal::RedbJournal;
use scaler_wm_tests::{ManagerKind, ManagerOptions, Stack, StackOptions, Told};

/// A manager of ours that takes what it is told to have at once.
pub(crate) fn options(id: &str, extra: &[&str]) -> ManagerOptions {
    ManagerOptions {
        kind: ManagerKind::Ours,
        id: id.to_owned(),
        limit: 200,
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        log_name: id.to_owned(),
        extra: extra.iter().map(|word| (*word).to_owned()).collect(),
        ..ManagerOptions::default()
    }
}

/// A scheduler that is told what to wish.
pub(crate) fn told() -> StackOptions {
    StackOptions { is_told: true, ..StackOptions::default() }
}

/// The state folder of a manager.
pub(crate) fn state(stack: &Stack, id: &str) -> PathBuf {
    stack.folder().join(format!("state-{id}"))
}

fn in_journal<T, F: Future<Output = scaler_wm_core::Result<T>>>(
    file: &Path,
    act: impl FnOnce(RedbJournal) -> F,
) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async { act(RedbJournal::open(file).ok()?).await.ok() })
}

/// The launches on record, by a copy of the journal: a manager may have it open.
fn on_record(stack: &Stack, id: &str) -> Option<Vec<Entry>> {
    let copy = stack.folder().join(format!("{id}.copy"));
    fs::copy(state(stack, id).join("journal.redb"), &copy).ok()?;
    in_journal(&copy, |journal| async move { journal.load().await })
}

/// How many units a manager has on record, if the outcome of every launch is.
pub(crate) fn settled(stack: &Stack, id: &str) -> Option<usize> {
    let entries = on_record(stack, id)?;
    entries.iter().map(|entry| entry.settled.as_ref().map(|settled| settled.units.len())).sum()
}

/// Puts a launch on record of which nobody knows what came, an hour old.
pub(crate) fn plant_launch(stack: &Stack, id: &str, launch: &str) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is right");
    let launch = Launch {
        id: LaunchId::from(launch),
        token: Token::from(launch),
        count: NonZeroU32::MIN,
        tier: Tier::default(),
        at: Timestamp::default() + (since - Duration::from_secs(3_600)),
        spec: Bytes::new(),
    };
    let file = state(stack, id).join("journal.redb");
    in_journal(&file, |journal| async move { journal.open(&launch).await }).expect("a journal that takes it");
}

/// Leaves a socket in a state folder at which nobody listens.
pub(crate) fn plant_socket(stack: &Stack, id: &str) -> String {
    let socket = state(stack, id).join("control.sock");
    // Managers of this kind may leave it by themselves.
    drop(fs::remove_file(&socket));
    drop(UnixListener::bind(&socket).expect("a socket"));
    socket.to_string_lossy().into_owned()
}

/// Removes the socket that a killed manager of this build has left, where something else is looked for.
pub(crate) fn clear_socket(stack: &Stack, id: &str) {
    // A build without the control plane leaves none.
    drop(fs::remove_file(state(stack, id).join("control.sock")));
}

/// What was told of each, as it is written down.
pub(crate) fn states<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, state)| (name.to_owned(), state.to_owned())).collect()
}

/// Without a terminal, and without a word that nobody is to be asked, nothing is deleted.
pub(crate) fn is_refused(told: &Told) -> bool {
    told.code == Some(2) && told.errors.contains("--yes")
}
