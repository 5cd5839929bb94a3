//! Client tokens of launches, as AWS documents them: within a cluster, or for an action within a region, the same request
//! under the same token gets the answer of the first and launches nothing; another request under it is refused.
//!
//! What launched nothing is not remembered: nothing is associated with its token. Nor do tokens expire here (AWS forgets
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

/// A token belongs to a cluster of ECS, or to an action of EC2 in a region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    scope: String,
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
        if !asked.is_launch() {
            return None;
        }
        if asked.service == "ec2" {
            let scope = format!("{} {}", asked.region, asked.operation);
            return Some(Self { token: asked.field("ClientToken")?.to_owned(), scope });
        }
        let cluster = asked.json["cluster"].as_str().unwrap_or("default").rsplit('/').next().unwrap_or_default();
        Some(Self { token: asked.json["clientToken"].as_str()?.to_owned(), scope: cluster.to_owned() })
    }
}

impl ClientTokens {
    pub(super) fn claim(&self, key: &Key, asked: &Asked) -> Claim {
        let mut parameters = asked.body();
        if let Some(members) = parameters.as_object_mut() {
            members.retain(|name, _| !name.eq_ignore_ascii_case("clientToken"));
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
            Progress::UnderWay(..) => Claim::Conflict(conflict(asked, &[])),
            Progress::Done(answer) => Claim::Conflict(conflict(asked, &answers::launched(asked, answer))),
        }
    }

    /// What the first request got.
    pub(super) fn settle(&self, key: &Key, asked: &Asked, answer: Option<&Response<Bytes>>) {
        let mut entries = self.entries();
        match answer {
            Some(answer) if !answers::launched(asked, answer).is_empty() => {
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

fn conflict(asked: &Asked, tasks: &[String]) -> Response<Bytes> {
    if asked.service == "ec2" {
        let message =
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        return answers::error(asked, 400, "IdempotentParameterMismatch", message);
    }
    let message = "The RunTask request could not be processed due to conflicts. The provided clientToken is already in \
                   use with a different RunTask request.";
    json_error(400, "ConflictException", message, &[("resourceIds", json!(tasks))])
}
