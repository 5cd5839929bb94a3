//! The one thread that has the file: everything asked for while it writes goes into its next write.

use std::{
    io,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use scaler_wm_core::{Chain, Entry, Error, Result, TaskEntry};
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

use crate::{
    failure,
    store::{Change, Store},
};

/// Requests that wait at most, and so the most that one write carries.
pub(crate) const QUEUE: usize = 1024;

/// Something asked of the thread, and where the answer goes.
pub(crate) enum Request {
    Change(Change, oneshot::Sender<Result<()>>),
    Load(oneshot::Sender<Result<Vec<Entry>>>),
    Tasks(oneshot::Sender<Result<Vec<TaskEntry>>>),
}

/// Opens the file on a thread of its own, which serves requests until every sender is gone.
pub(crate) fn start(path: &Path) -> Result<(mpsc::Sender<Request>, JoinHandle<()>)> {
    let (requests, queue) = mpsc::channel(QUEUE);
    let (opened, answer) = std::sync::mpsc::sync_channel(1);
    let file: PathBuf = path.to_owned();
    let spawned: io::Result<_> = thread::Builder::new().name("journal".to_owned()).spawn(move || {
        match Store::open(&file) {
            Ok(store) => {
                // The other side waits for this answer, so it can only be gone with its thread.
                let _ = opened.send(Ok(()));
                serve(store, queue);
            }
            Err(error) => drop(opened.send(Err(error))),
        }
    });
    let thread = spawned.map_err(|error| failure::io_failure("start the journal's thread", path, &error))?;
    // Opened over there, so that even a panic in the store becomes an error here.
    answer.recv().unwrap_or_else(|_| Err(failure::ended("open the journal", path)))?;
    Ok((requests, thread))
}

fn serve(mut store: Store, mut queue: mpsc::Receiver<Request>) {
    let mut waiting = Vec::new();
    while queue.blocking_recv_many(&mut waiting, QUEUE) > 0 {
        let (mut changes, mut answers, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for request in waiting.drain(..) {
            match request {
                Request::Change(change, answer) => {
                    changes.push(change);
                    answers.push(answer);
                }
                read @ (Request::Load(_) | Request::Tasks(_)) => reads.push(read),
            }
        }
        if !changes.is_empty() {
            change(&mut store, &changes, answers);
        }
        for read in reads {
            // An answer that nobody waits for any more is nobody's loss, here and below.
            match read {
                Request::Load(answer) => drop(answer.send(store.load())),
                Request::Tasks(answer) => drop(answer.send(store.tasks())),
                Request::Change(..) => {}
            }
        }
    }
}

fn change(store: &mut Store, changes: &[Change], answers: Vec<oneshot::Sender<Result<()>>>) {
    match store.apply(changes) {
        Ok(results) => {
            debug!(changes = changes.len(), "journal written");
            for (answer, result) in answers.into_iter().zip(results) {
                let _ = answer.send(result);
            }
        }
        Err(error) => {
            let reason = Chain(&error).to_string();
            warn!(file = %store.path().display(), changes = changes.len(), error = reason, "journal not written");
            for answer in answers {
                let each =
                    Error::new(error.kind(), error.operation(), context(store.path())).with_source(reason.clone());
                let _ = answer.send(Err(each));
            }
        }
    }
}

fn context(path: &Path) -> String {
    format!("{}, with every change of the same write", path.display())
}
