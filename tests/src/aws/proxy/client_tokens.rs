//! Client tokens of RunTask, as AWS documents them: within a cluster, the same request under the same token gets the
//! answer of the first and launches nothing; another request under it is a conflict.
//!
//! What launched nothing is not remembered: no task is associated with its token. Nor do tokens expire here (AWS forgets
//! them after a day).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answers;
use super::asked::Asked;
use crate::aws::errors::json_error;

/// A token belongs to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    cluster: String,
    token: String,
}

#[derive(Debug)]
struct Entry {
    /// The whole request, but for the token.
    parameters: Value,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    /// It is with the emulator; dropping the sender tells those who wait.
    UnderWay(#[expect(dead_code, reason = "held for what dropping it does")] watch::Sender<()>, watch::Receiver<()>),
    Done(Response<Bytes>),
}

/// What becomes of a request with a token.
pub(super) enum Claim {
    /// It is the first: [`ClientTokens::settle`] must follow.
    First,
    /// It was answered before.
    Known(Response<Bytes>),
    /// The first one is under way: ask again when this ends.
    Wait(watch::Receiver<()>),
    /// The token is another request's.
    Conflict(Response<Bytes>),
}

/// All tokens so far.
#[derive(Debug, Default)]
pub(super) struct ClientTokens {
    entries: Mutex<HashMap<Key, Entry>>,
}

impl Key {
    /// The token of a request that has one.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        if !asked.is("RunTask") {
            return None;
        }
        let cluster = asked.json["cluster"].as_str().unwrap_or("default").rsplit('/').next().unwrap_or_default();
        Some(Self { token: asked.json["clientToken"].as_str()?.to_owned(), cluster: cluster.to_owned() })
    }
}

impl ClientTokens {
    pub(super) fn claim(&self, key: &Key, asked: &Asked) -> Claim {
        let mut parameters = asked.json.clone();
        if let Some(members) = parameters.as_object_mut() {
            members.remove("clientToken");
        }
        let mut entries = self.entries();
        let Some(entry) = entries.get(key) else {
            let (sender, receiver) = watch::channel(());
            entries.insert(key.clone(), Entry { parameters, progress: Progress::UnderWay(sender, receiver) });
            return Claim::First;
        };
        let is_same = entry.parameters == parameters;
        match &entry.progress {
            Progress::UnderWay(_, receiver) if is_same => Claim::Wait(receiver.clone()),
            Progress::Done(answer) if is_same => Claim::Known(answer.clone()),
            Progress::UnderWay(..) => Claim::Conflict(conflict(&[])),
            Progress::Done(answer) => Claim::Conflict(conflict(&answers::tasks(answer))),
        }
    }

    /// What the first request got.
    pub(super) fn settle(&self, key: &Key, answer: Option<&Response<Bytes>>) {
        let mut entries = self.entries();
        match answer {
            Some(answer) if !answers::tasks(answer).is_empty() => {
                if let Some(entry) = entries.get_mut(key) {
                    entry.progress = Progress::Done(answer.clone());
                }
            }
            _ => {
                entries.remove(key);
            }
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn conflict(tasks: &[String]) -> Response<Bytes> {
    let message = "The RunTask request could not be processed due to conflicts. The provided clientToken is already in \
                   use with a different RunTask request.";
    json_error(400, "ConflictException", message, &[("resourceIds", json!(tasks))])
}
