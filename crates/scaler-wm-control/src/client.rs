//! The side of whoever watches and operates managers.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http2,
    header::{AUTHORIZATION, HeaderValue},
    http::uri::{Authority, Scheme, Uri},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName};
use scaler_wm_core::Chain;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tonic::body::Body;
use tower_service::Service;

use crate::{
    listen::{PROTOCOL, Place, Token, authorities, certificates, private_key},
    v1::{policy_engine_client::PolicyEngineClient, worker_managers_client::WorkerManagersClient},
};

/// How long a connection may take until it stands.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// Who says nothing for so long is asked whether it is there,
const ASKED_AFTER: Duration = Duration::from_secs(20);
/// and has so long to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// What may be on its way of one answer, in bytes. Together with others that are not read it has to stay below what h2
/// takes for an attack by small frames: half of what may be on its way of all.
const WINDOW: u32 = 64 << 10;
/// The same for all answers of a connection.
const CONNECTION_WINDOW: u32 = 4 << 20;
/// The largest answer, in bytes: that of ten thousand units is a tenth of it.
const LARGEST_ANSWER: usize = 64 << 20;

/// Where a manager is watched and told what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// At a Unix socket.
    Socket(PathBuf),
    /// Over TCP. Files are named; what is in them is read when it is needed.
    Tcp {
        /// HOST:PORT.
        address: String,
        /// Authorities of its certificate, in PEM; plain text without.
        authority: Option<PathBuf>,
        /// A certificate chain to show, and its private key, in PEM.
        identity: Option<(PathBuf, PathBuf)>,
        /// A file with the token to send.
        token: Option<PathBuf>,
    },
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file does not do.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// Nobody is there, or whoever is there is not trusted.
    #[error("{0}")]
    Unreachable(String),
}

/// What calls go through: one connection.
#[derive(Clone, Debug)]
pub struct Connection {
    send: http2::SendRequest<Body>,
    scheme: Scheme,
    authority: Authority,
    authorization: Option<HeaderValue>,
}

/// Asks managers, and tells them what to do.
#[must_use]
pub fn managers(connection: Connection) -> WorkerManagersClient<Connection> {
    WorkerManagersClient::new(connection).max_decoding_message_size(LARGEST_ANSWER)
}

/// Asks the policy engine.
#[must_use]
pub fn policies(connection: Connection) -> PolicyEngineClient<Connection> {
    PolicyEngineClient::new(connection).max_decoding_message_size(LARGEST_ANSWER)
}

/// Connects. Must be called in a tokio runtime with its timers and I/O enabled.
///
/// # Errors
/// When nobody answers there, or what is to be shown cannot be read.
pub async fn connect(target: &Target) -> Result<Connection, ConnectError> {
    let (address, authority, identity, token) = match target {
        Target::Socket(path) => {
            let stream = in_time(async { UnixStream::connect(Place::of(path)?.path()).await }).await?;
            return over(stream, Scheme::HTTP, Authority::from_static("localhost"), None).await;
        }
        Target::Tcp { address, authority, identity, token } => (address, authority, identity, token),
    };
    let file = |path: &PathBuf, error: String| ConnectError::File { path: path.clone(), error };
    let authorization = match token {
        Some(path) => Some(Token::read(path).map_err(|error| file(path, error))?.header()),
        None => None,
    };
    let tls = match authority {
        Some(authority) => Some(tls(authority, identity.as_ref())?),
        None => None,
    };
    let unreachable = |error: &dyn fmt::Display| ConnectError::Unreachable(error.to_string());
    let all: Vec<SocketAddr> = lookup_host(address).await.map_err(|error| unreachable(&error))?.collect();
    // Nothing secret is said in plain text where others could listen.
    if tls.is_none() && all.iter().any(|address| !address.ip().is_loopback()) {
        return Err(unreachable(&"on other hosts it speaks TLS alone"));
    }
    let name = Authority::try_from(&**address).map_err(|error| unreachable(&error))?;
    let stream = in_time(TcpStream::connect(&*all)).await?;
    drop(stream.set_nodelay(true));
    let Some(tls) = tls else { return over(stream, Scheme::HTTP, name, authorization).await };
    let host = name.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let host = ServerName::try_from(host).map_err(|error| unreachable(&error))?;
    let stream = in_time(TlsConnector::from(Arc::new(tls)).connect(host, stream)).await?;
    over(stream, Scheme::HTTPS, name, authorization).await
}

async fn over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    scheme: Scheme,
    authority: Authority,
    authorization: Option<HeaderValue>,
) -> Result<Connection, ConnectError> {
    let handshake = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(ASKED_AFTER)
        .keep_alive_timeout(ANSWERS_WITHIN)
        .handshake(TokioIo::new(stream));
    let (send, connection) = in_time(async { handshake.await.map_err(io::Error::other) }).await?;
    // Its failure is that of the calls.
    tokio::spawn(async move { drop(connection.await) });
    Ok(Connection { send, scheme, authority, authorization })
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.send.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        *request.uri_mut() = Uri::from_parts(parts).expect("a path is there, as all others are");
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        Box::pin(self.send.send_request(request))
    }
}

fn tls(authority: &Path, identity: Option<&(PathBuf, PathBuf)>) -> Result<ClientConfig, ConnectError> {
    let file = |path: &Path, error: String| ConnectError::File { path: path.to_owned(), error };
    let roots = authorities(authority).map_err(|error| file(authority, error))?;
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| file(authority, error.to_string()))?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let chain = certificates(cert).map_err(|error| file(cert, error))?;
            let secret = private_key(key).map_err(|error| file(key, error))?;
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|error| file(cert, format!("it does not go with the key in {}: {error}", key.display())))?
        }
    };
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> Result<T, ConnectError> {
    let late = || Err(io::Error::other(format!("no answer within {} s", CONNECTS_WITHIN.as_secs())));
    let done = timeout(CONNECTS_WITHIN, step).await.unwrap_or_else(|_| late());
    done.map_err(|error| ConnectError::Unreachable(Chain(&error).to_string()))
}
