//! The byte streams that YMQ runs over: sockets, and what is around them.

#[cfg_attr(not(feature = "tls"), path = "nothing_around.rs")]
mod around;

use std::{io, path::Path, time::Duration};

use scaler_wm_core::{Address, Scheme};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

use self::around::Around;
use super::{BindOptions, ConnectOptions};
use crate::{Error, ErrorKind, Result};

/// As long as the releases wait before they probe an idle connection.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(30);

/// The schemes that this build speaks.
pub const SCHEMES: &[Scheme] = around::SCHEMES;

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A stream that is up, in halves. Dropping the writer of a bare socket ends our direction (FIN); around one, both halves
/// have to go.
pub(super) struct Stream {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
}

/// Opens a stream to a binder.
pub(super) async fn open(address: &Address, options: &ConnectOptions) -> Result<Stream> {
    const OPERATION: &str = "connect";
    let failed = |error: io::Error| from_io(error, OPERATION, address);
    if address.scheme == Scheme::Ipc {
        return Ok(ipc(UnixStream::connect(&address.host).await.map_err(failed)?));
    }
    is_spoken(address, OPERATION)?;
    let socket = TcpStream::connect(host_and_port(address, OPERATION)?).await.map_err(failed)?;
    prepare(&socket).map_err(failed)?;
    around::connect(socket, address, options).await
}

/// Where streams come in.
pub(super) struct Listener {
    socket: Socket,
    around: Around,
}

enum Socket {
    Tcp(TcpListener),
    Ipc(UnixListener),
}

/// A stream that came in and has not been greeted.
pub(super) struct Incoming {
    socket: Accepted,
    around: Around,
}

enum Accepted {
    Tcp(TcpStream),
    Ipc(UnixStream),
}

impl Listener {
    /// Listens, and says where: a port of 0 becomes a free one.
    pub(super) async fn bind(address: &Address, options: &BindOptions) -> Result<(Self, Address)> {
        const OPERATION: &str = "listen";
        let failed = |error: io::Error| from_io(error, OPERATION, address);
        is_spoken(address, OPERATION)?;
        let around = Around::new(address, options)?;
        if address.scheme == Scheme::Ipc {
            let listener = match UnixListener::bind(&address.host) {
                // A socket file outlives its process. Only one that nobody answers is taken away.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(&address.host).await => {
                    std::fs::remove_file(&address.host).map_err(failed)?;
                    UnixListener::bind(&address.host)
                }
                other => other,
            };
            let socket = Socket::Ipc(listener.map_err(failed)?);
            return Ok((Self { socket, around }, address.clone()));
        }
        let listener = TcpListener::bind(host_and_port(address, OPERATION)?).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok((Self { socket: Socket::Tcp(listener), around }, Address { port: Some(port), ..address.clone() }))
    }

    /// The next stream. Cancel safe.
    pub(super) async fn accept(&self) -> io::Result<Incoming> {
        let socket = match &self.socket {
            Socket::Tcp(listener) => Accepted::Tcp(listener.accept().await?.0),
            Socket::Ipc(listener) => Accepted::Ipc(listener.accept().await?.0),
        };
        Ok(Incoming { socket, around: self.around.clone() })
    }
}

impl Incoming {
    /// Puts around it what its address says.
    pub(super) async fn open(self) -> io::Result<Stream> {
        let socket = match self.socket {
            Accepted::Tcp(socket) => socket,
            Accepted::Ipc(socket) => return Ok(ipc(socket)),
        };
        prepare(&socket)?;
        self.around.accept(socket).await
    }
}

fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(socket, true)?;
    rustix::net::sockopt::set_tcp_keepidle(socket, KEEP_ALIVE_IDLE)?;
    Ok(())
}

fn bare(socket: TcpStream) -> Stream {
    let (reader, writer) = socket.into_split();
    Stream { reader: Box::new(reader), writer: Box::new(writer) }
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
    Ok((bare_host(address), port))
}

/// The host without the brackets around an IPv6 address.
fn bare_host(address: &Address) -> &str {
    let host = address.host.as_str();
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// Whether this build speaks the scheme of an address.
fn is_spoken(address: &Address, operation: &'static str) -> Result<()> {
    if SCHEMES.contains(&address.scheme) {
        return Ok(());
    }
    let scheme = address.scheme.as_str();
    let context = format!("{address}: this build speaks no {scheme}://, it was made without the feature `tls`");
    Err(Error::new(ErrorKind::Unsupported, operation, context))
}

/// The crate's error of a failure of the operating system at `address`.
pub(super) fn from_io(error: io::Error, operation: &'static str, address: &Address) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::InvalidInput => ErrorKind::Address,
        _ => ErrorKind::Io,
    };
    Error::new(kind, operation, address.to_string()).with_source(error)
}
