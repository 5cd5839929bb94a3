//! One connection.

use std::{pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::timeout,
};
use tracing::debug;

use super::routes::Routes;

/// A client has to be let in with its first request within this time of the connection.
pub(super) const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Requests at a time, so that ten connections are enough for every reader of events.
const STREAMS: u32 = 1000;
/// How much of a request may be on its way, in bytes: they are small.
const WINDOW: u32 = 64 << 10;
/// The same for all requests of a connection.
const CONNECTION_WINDOW: u32 = 1 << 20;
/// What is kept of an answer for who does not take it, in bytes; one message may go beyond.
const UNSENT: usize = 4 << 10;
/// The largest head of a request, in bytes.
const LARGEST_HEAD: u32 = 16 << 10;
/// Who says nothing for so long is asked whether it is there,
const ASKED_AFTER: Duration = Duration::from_secs(30);
/// and has so long to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// What every connection of a listener shares.
pub(super) struct Terms {
    pub(super) routes: Arc<Routes>,
    pub(super) is_over: watch::Receiver<bool>,
}

/// Serves one connection to its end, or until all is over.
pub(super) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, terms: Terms) {
    let Terms { routes, mut is_over } = terms;
    // By its first request that is let in: one without any would keep its place for nothing.
    let (known, mut is_known) = watch::channel(false);
    let known = Arc::new(known);
    let service = service_fn(move |request| {
        let (routes, known) = (Arc::clone(&routes), Arc::clone(&known));
        async move {
            let Some(handler) = routes.let_in(&request) else { return Ok(Routes::refused(&request)) };
            known.send_if_modified(|known| !std::mem::replace(known, true));
            handler(request).await
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(UNSENT)
        .max_header_list_size(LARGEST_HEAD)
        .keep_alive_interval(ASKED_AFTER)
        .keep_alive_timeout(ANSWERS_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stranger(&mut is_known) => {
            debug!("a client of the control plane sent no request that is let in, in time");
            return;
        }
        // Cancel safe by contract.
        () = async { drop(is_over.wait_for(|is_over| *is_over).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection of the control plane broke off");
    }
}

/// Over when a client has not been known for too long; never for one that is.
async fn stranger(is_known: &mut watch::Receiver<bool>) {
    let is_stranger = timeout(HANDSHAKE_WITHIN, is_known.wait_for(|known| *known)).await.is_err();
    if !is_stranger {
        std::future::pending::<()>().await;
    }
}
