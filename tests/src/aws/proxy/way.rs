//! The way of a call: judged, held, forwarded, answered.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request, Response};

use super::answers::{self, NO_CAPACITY};
use super::asked::Asked;
use super::call::Outcome;
use super::call_log::CallLog;
use super::client_tokens::{Claim, ClientTokens, Key};
use super::hold::{HoldPoint, Holds};
use super::rules;
use super::visible::Times;
use super::weather::{Judgement, Weather};
use crate::exchange::exchange;

/// What the proxy and its handle share.
#[derive(Debug)]
pub(super) struct Shared {
    upstream: u16,
    pub(super) log: CallLog,
    pub(super) holds: Holds,
    tokens: ClientTokens,
    remembered: AtomicU64,
    times: Times,
    weather: Mutex<Weather>,
}

type Reply = (Outcome, Option<Response<Bytes>>);

impl Shared {
    pub(super) fn new(upstream: u16, folder: &Path) -> io::Result<Self> {
        Ok(Self {
            upstream,
            log: CallLog::new(folder)?,
            holds: Holds::default(),
            tokens: ClientTokens::default(),
            remembered: AtomicU64::new(0),
            times: Times::default(),
            weather: Mutex::new(Weather::new()),
        })
    }

    pub(super) fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn remembered(&self) -> u64 {
        self.remembered.load(Ordering::Relaxed)
    }

    /// The answer to a call; none when its connection is to be closed. It goes its way even when nobody waits any more.
    pub(super) async fn answer(&self, asked: &Asked) -> Option<Response<Bytes>> {
        let flight = self.log.begin(asked);
        let (outcome, answer) = self.reply(asked).await;
        self.log.end(flight, asked, outcome, answer.as_ref());
        answer.filter(|_| outcome != Outcome::Unheard)
    }

    async fn reply(&self, asked: &Asked) -> Reply {
        let (judgement, latency) = {
            let mut weather = self.weather();
            (weather.judge(asked), weather.latency())
        };
        // Even a sleep of no length takes a millisecond.
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        match judgement {
            Judgement::Pass => {}
            Judgement::Close => return (Outcome::Dropped, None),
            Judgement::Answer(answer) => return (Outcome::Answered, Some(answer)),
        }
        if !self.holds.pass(&asked.operation, HoldPoint::Before).await {
            return (Outcome::Dropped, None);
        }
        let (outcome, answer) = self.once(asked).await;
        if !self.holds.pass(&asked.operation, HoldPoint::After).await {
            return (Outcome::Unheard, answer);
        }
        (outcome, answer)
    }

    /// Forwards a call unless its client token was answered before.
    async fn once(&self, asked: &Asked) -> Reply {
        let Some(key) = Key::of(asked) else { return self.forward(asked).await };
        loop {
            match self.tokens.claim(&key, asked) {
                Claim::First => {
                    let reply = self.forward(asked).await;
                    self.tokens.settle(&key, asked, reply.1.as_ref());
                    return reply;
                }
                Claim::Known(answer) => {
                    self.remembered.fetch_add(1, Ordering::Relaxed);
                    return (Outcome::Remembered, Some(answer));
                }
                Claim::Conflict(answer) => return (Outcome::Answered, Some(answer)),
                // It ends with an error when the sender goes, and that is the signal.
                Claim::Wait(mut first) => drop(first.changed().await),
            }
        }
    }

    async fn forward(&self, asked: &Asked) -> Reply {
        let most = self.weather().faults().most_tasks;
        let cut = most.filter(|most| asked.is("RunTask") && asked.count() > *most);
        if cut == Some(0) {
            return (Outcome::Answered, Some(answers::refused(asked, NO_CAPACITY)));
        }
        let Ok(mut answer) = self.send(asked, cut).await else { return (Outcome::Dropped, None) };
        if let Some(most) = cut {
            let rest = answers::failures(asked, asked.count() - most, NO_CAPACITY);
            answer = answers::rewrite(answer, |body| body["failures"] = rest.into());
        }
        answer = answers::with_status(rules::without_tags(asked, answer));
        // As they are now: they may have been changed meanwhile.
        let lags = self.weather().lags();
        (Outcome::Forwarded, Some(self.times.seen(asked, lags, answer)))
    }

    /// Sends a call on, with another count of tasks if there is one.
    async fn send(&self, asked: &Asked, count: Option<u64>) -> io::Result<Response<Bytes>> {
        let mut body = asked.body.clone();
        if let Some(count) = count {
            let mut json = asked.json.clone();
            json["count"] = count.into();
            body = Bytes::from(json.to_string());
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = asked.parts.method.clone();
        *request.uri_mut() = asked.parts.uri.clone();
        *request.headers_mut() = asked.parts.headers.clone();
        remove_framing(request.headers_mut());
        let mut answer = exchange(self.upstream, request).await?;
        // The length of what is not sent is all that such an answer is about.
        if asked.parts.method != Method::HEAD {
            remove_framing(answer.headers_mut());
        }
        Ok(answer)
    }
}

/// What belongs to the connection by which a message came, and to its body as it was.
fn remove_framing(headers: &mut HeaderMap) {
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
}
