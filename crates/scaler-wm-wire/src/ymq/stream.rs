//! The byte streams that YMQ runs over. A further one (TLS, WebSocket) is one more pair of arms here.

use std::{io, path::Path, time::Duration};

use scaler_wm_core::{Address, Scheme};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

use crate::{Error, ErrorKind, Result};

/// As long as the releases wait before they probe an idle connection.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(30);

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A stream that is up, in halves. Dropping the writer ends our direction (FIN).
pub(super) struct Stream {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
}

/// Opens a stream to a binder.
pub(super) async fn open(address: &Address) -> Result<Stream> {
    const OPERATION: &str = "connect";
    let failed = |error: io::Error| from_io(error, OPERATION, address);
    match address.scheme {
        Scheme::Tcp => {
            tcp(TcpStream::connect(host_and_port(address, OPERATION)?).await.map_err(failed)?).map_err(failed)
        }
        Scheme::Ipc => Ok(ipc(UnixStream::connect(&address.host).await.map_err(failed)?)),
        Scheme::Tls | Scheme::Ws | Scheme::Wss => Err(unsupported(address, OPERATION)),
    }
}

/// Where streams come in.
pub(super) enum Listener {
    Tcp(TcpListener),
    Ipc(UnixListener),
}

impl Listener {
    /// Listens, and says where: a port of 0 becomes a free one.
    pub(super) async fn bind(address: &Address) -> Result<(Self, Address)> {
        const OPERATION: &str = "listen";
        let failed = |error: io::Error| from_io(error, OPERATION, address);
        match address.scheme {
            Scheme::Tcp => {
                let listener = TcpListener::bind(host_and_port(address, OPERATION)?).await.map_err(failed)?;
                let port = listener.local_addr().map_err(failed)?.port();
                Ok((Self::Tcp(listener), Address { port: Some(port), ..address.clone() }))
            }
            Scheme::Ipc => {
                let listener = match UnixListener::bind(&address.host) {
                    // A socket file outlives its process. Only one that nobody answers is taken away.
                    Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(&address.host).await => {
                        std::fs::remove_file(&address.host).map_err(failed)?;
                        UnixListener::bind(&address.host)
                    }
                    other => other,
                };
                Ok((Self::Ipc(listener.map_err(failed)?), address.clone()))
            }
            Scheme::Tls | Scheme::Ws | Scheme::Wss => Err(unsupported(address, OPERATION)),
        }
    }

    /// The next stream. Cancel safe.
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => tcp(listener.accept().await?.0),
            Self::Ipc(listener) => Ok(ipc(listener.accept().await?.0)),
        }
    }
}

fn tcp(stream: TcpStream) -> io::Result<Stream> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(&stream, true)?;
    rustix::net::sockopt::set_tcp_keepidle(&stream, KEEP_ALIVE_IDLE)?;
    let (reader, writer) = stream.into_split();
    Ok(Stream { reader: Box::new(reader), writer: Box::new(writer) })
}

fn ipc(stream: UnixStream) -> Stream {
    let (reader, writer) = stream.into_split();
    Stream { reader: Box::new(reader), writer: Box::new(writer) }
}

async fn is_stale(path: impl AsRef<Path>) -> bool {
    matches!(UnixStream::connect(path).await, Err(error) if error.kind() == io::ErrorKind::ConnectionRefused)
}

fn host_and_port<'a>(address: &'a Address, operation: &'static str) -> Result<(&'a str, u16)> {
    let port =
        address.port.ok_or_else(|| Error::new(ErrorKind::Address, operation, format!("{address} has no port")))?;
    let host = address.host.as_str();
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    Ok((bare.unwrap_or(host), port))
}

fn unsupported(address: &Address, operation: &'static str) -> Error {
    let context = format!("{address}: use tcp:// or ipc://, this build speaks no {}://", address.scheme.as_str());
    Error::new(ErrorKind::Unsupported, operation, context)
}

/// The crate's error of a failure of the operating system at `address`.
pub(super) fn from_io(error: io::Error, operation: &'static str, address: &Address) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::InvalidInput => ErrorKind::Address,
        _ => ErrorKind::Io,
    };
    Error::new(kind, operation, address.to_string()).with_source(error)
}
