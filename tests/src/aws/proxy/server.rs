//! The proxy's thread, and the handle to it.

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::{fmt, io};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::runtime;
use tokio::sync::oneshot;

use super::asked::Asked;
use super::call::ApiCall;
use super::faults::Faults;
use super::hold::{Hold, HoldPoint};
use super::way::Shared;
use crate::{Failure, Result, until};

/// A running proxy. It ends when this is dropped.
#[derive(Debug)]
pub struct ApiProxy {
    port: u16,
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl ApiProxy {
    /// Starts one before the emulator at `upstream`; every call is also written down in `folder`.
    ///
    /// # Errors
    /// When there is no port to be had, or a file or thread cannot be made.
    pub fn start(upstream: u16, folder: &Path) -> Result<Self> {
        let failed = |error: io::Error| Failure::new("start a proxy", error);
        let shared = Arc::new(Shared::new(upstream, folder).map_err(failed)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (end, ended) = oneshot::channel();
        let own = Arc::clone(&shared);
        let serve = move || runtime.block_on(serve(listener, own, ended));
        let thread = thread::Builder::new().name("api proxy".to_owned()).spawn(serve).map_err(failed)?;
        Ok(Self { port, shared, end: Some(end), thread: Some(thread) })
    }

    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What clients are told as the endpoint of AWS.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets these faults happen from now on, and no others.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.weather().set(faults);
    }

    /// The faults that happen now, less what has been used up of them.
    pub fn faults(&self) -> Faults {
        self.shared.weather().faults().clone()
    }

    /// Holds the next call of an operation.
    pub fn hold(&self, operation: &str, point: HoldPoint) -> Hold {
        self.shared.holds.arm(operation, point)
    }

    /// All calls that have ended, in the order of their ends.
    pub fn calls(&self) -> Vec<ApiCall> {
        self.shared.log.calls()
    }

    /// Those of an operation.
    pub fn calls_of(&self, operation: &str) -> Vec<ApiCall> {
        self.shared.log.calls_of(operation)
    }

    /// How many calls of an operation are under way, held ones included.
    pub fn under_way(&self, operation: &str) -> usize {
        self.shared.log.under_way(operation)
    }

    /// Waits until no call is under way: those of a manager that has ended may still be.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_quiet(&self, seconds: f64) -> Result<()> {
        until("no call under way", seconds, || self.shared.log.is_quiet().then_some(()))
    }

    /// How many launches were answered from memory, by their client token.
    pub fn remembered(&self) -> u64 {
        self.shared.remembered()
    }
}

impl Drop for ApiProxy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, mut ended: oneshot::Receiver<Infallible>) {
    // It is bound and does not block: nothing is left that could fail.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let stream = tokio::select! {
            // Cancel safe, both: a connection that is not accepted stays in the queue.
            _ = &mut ended => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| answer(Arc::clone(&shared), request));
        // Its error is that of a client that has gone, or of a connection that was closed on purpose.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> std::result::Result<Response<Full<Bytes>>, NoAnswer> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| NoAnswer)?.to_bytes();
    // A task of its own: a client that goes does not undo what it has asked for.
    let call = tokio::spawn(async move { shared.answer(&Asked::new(parts, body)).await });
    call.await.ok().flatten().map(|answer| answer.map(Full::new)).ok_or(NoAnswer)
}

/// The connection is closed without an answer.
#[derive(Debug)]
struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer is given")
    }
}

impl std::error::Error for NoAnswer {}
