//! The server: HTTP/2 over whatever a listener takes in, with bounds for everything that a client could make grow.

mod connection;
mod routes;

use std::{
    future::poll_fn,
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use scaler_wm_core::Chain;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::{
    Registry,
    listen::{Socket, Tcp},
};
use connection::{HANDSHAKE_WITHIN, Terms};
use routes::Routes;

/// Connections of one listener at a time. Whoever comes beyond that waits for one to end.
const CONNECTIONS: usize = 256;
/// When nobody can be let in (no file descriptors, say), the next try comes so much later.
const ACCEPTS_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Where to listen.
#[derive(Debug)]
pub enum Listener {
    /// At a Unix socket.
    Socket(Socket),
    /// Over TCP.
    Tcp(TcpListener, Tcp),
}

impl Listener {
    /// Begins to listen over TCP.
    ///
    /// # Errors
    /// When the address is taken, or not ours.
    pub async fn tcp(settings: Tcp) -> io::Result<Self> {
        Ok(Self::Tcp(TcpListener::bind(settings.address).await?, settings))
    }
}

/// Serves the managers of `registry` to whoever `listener` lets in, until `until` is over: then it takes nobody in any
/// more, streams end with what there is, and it is over with the last answer. Dropping it ends it at once.
///
/// Must be called in a tokio runtime with its timers and I/O enabled; a current-thread one is enough.
///
/// # Errors
/// None at present: whoever cannot be let in now is let in later.
pub async fn serve(listener: Listener, registry: Registry, until: impl Future<Output = ()>) -> io::Result<()> {
    let (over, is_over) = watch::channel(false);
    let routes = |token| Arc::new(Routes::new(&registry, token, is_over.clone()));
    let end = async {
        until.await;
        over.send_replace(true);
    };
    match listener {
        Listener::Socket(socket) => {
            let (listener, _file) = socket.into_parts();
            tokio::join!(take_in(listener, None, routes(None), is_over.clone()), end);
        }
        Listener::Tcp(listener, Tcp { tls, token, .. }) => {
            tokio::join!(take_in(listener, tls.map(TlsAcceptor::from), routes(token), is_over.clone()), end);
        }
    }
    Ok(())
}

/// Where connections come from.
trait Accept {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next one.
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<Self::Stream>>;
}

impl Accept for UnixListener {
    type Stream = UnixStream;

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        self.poll_accept(context).map_ok(|(stream, _)| stream)
    }
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        self.poll_accept(context).map_ok(|(stream, _)| {
            // What is said is small, and waited for.
            drop(stream.set_nodelay(true));
            stream
        })
    }
}

/// Takes connections in until it is over.
async fn take_in(
    listener: impl Accept,
    tls: Option<TlsAcceptor>,
    routes: Arc<Routes>,
    mut is_over: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    // Ended with this server, and not left to whoever is slow.
    let mut guests = JoinSet::new();
    let mut is_told = false;
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, poll_fn(|context| listener.poll_next(context)).await)
        };
        let (place, stream) = tokio::select! {
            // Cancel safe: a place that was taken is given back, and a connection that is not taken waits.
            (place, stream) = next => (place, stream),
            // Cancel safe by contract.
            _ = is_over.wait_for(|is_over| *is_over) => break,
        };
        while guests.try_join_next().is_some() {}
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    warn!(%error, "the control plane takes nobody in for now");
                }
                sleep(ACCEPTS_AGAIN_AFTER).await;
                continue;
            }
        };
        is_told = false;
        let terms = Terms { routes: Arc::clone(&routes), is_over: is_over.clone() };
        let tls = tls.clone();
        guests.spawn(async move {
            match tls {
                None => connection::serve(stream, terms).await,
                Some(tls) => match timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection::serve(stream, terms).await,
                    Ok(Err(error)) => debug!(error = %Chain(&error), "a client of the control plane was not let in"),
                    Err(_) => debug!("a client of the control plane took too long to say who it is"),
                },
            }
            drop(place);
        });
    }
    while guests.join_next().await.is_some() {}
}
