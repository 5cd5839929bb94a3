//! The server: few connections, each short.

use std::{collections::VecDeque, convert::Infallible, io, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};
use tracing::{debug, warn};

use super::{
    history::History,
    pages::{Site, answer},
};
use crate::{Registry, metrics::Build};

/// Connections at a time. For whoever comes beyond that the oldest one goes: it had more time than an answer takes, and those
/// who say nothing keep nobody from asking for health. More than are taken in at once, before any of them is heard.
const CONNECTIONS: usize = 128;
/// The head of a request has to be there within this time of the connection.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// The whole of a connection has to be over within this time: one request, one answer.
const OVER_WITHIN: Duration = Duration::from_secs(15);
/// The largest head of a request, in bytes: the least that hyper can be told.
const LARGEST_HEAD: usize = 8 << 10;
/// Lines of such a head.
const MOST_HEADERS: usize = 64;
/// When nobody can be let in (no file descriptors, say), the next try comes so much later.
const ACCEPTS_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Serves the status page, `/metrics`, `/healthz` and `/readyz` of these managers, until it is dropped.
///
/// Must be called in a tokio runtime with its timers and I/O enabled; a current-thread one is enough.
pub async fn serve(listener: TcpListener, registry: Registry, build: Build) {
    let site = Arc::new(Site { registry, build, history: History::default() });
    tokio::select! {
        () = take_all(listener, &site) => {}
        () = site.history.keep(&site.registry) => {}
    }
}

/// Lets in whoever comes.
async fn take_all(listener: TcpListener, site: &Arc<Site>) {
    // Ended with this server, and not left to whoever is slow.
    let mut guests = JoinSet::new();
    let mut by_age = VecDeque::new();
    let mut is_told = false;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tell_once(&mut is_told, &error);
                sleep(ACCEPTS_AGAIN_AFTER).await;
                continue;
            }
        };
        is_told = false;
        while guests.try_join_next().is_some() {}
        by_age.retain(|guest: &AbortHandle| !guest.is_finished());
        while by_age.len() >= CONNECTIONS {
            by_age.pop_front().iter().for_each(AbortHandle::abort);
        }
        let site = Arc::clone(site);
        by_age.push_back(guests.spawn(async move { serve_one(stream, &site).await }));
    }
}

fn tell_once(is_told: &mut bool, error: &io::Error) {
    if !std::mem::replace(is_told, true) {
        warn!(%error, "nothing can be served over HTTP for now: no connection can be taken");
    }
}

/// Answers one request.
async fn serve_one(stream: TcpStream, site: &Site) {
    let service = service_fn(async |request: Request<Incoming>| {
        // A body, if there is one, is nobody's business, and is left unread.
        let (parts, _) = request.into_parts();
        Ok::<_, Infallible>(answer(&parts, site))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(OVER_WITHIN, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "a request over HTTP broke off"),
        Err(_) => debug!("a request over HTTP took too long"),
    }
}
