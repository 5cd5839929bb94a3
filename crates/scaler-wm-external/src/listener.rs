//! Where something of ours is served.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::transport::server::Router;

/// Where something of ours is served: for this host alone.
#[derive(Debug)]
pub enum Listener {
    /// A Unix socket, for this user alone.
    Unix(UnixListener, PathBuf),
    /// A port of the loopback interface.
    Tcp(TcpListener),
}

impl Listener {
    /// Listens at a Unix socket with mode 0600. One that an earlier process has left is replaced.
    ///
    /// Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When something else is there, or the folder is missing.
    pub fn unix(path: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
            fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self::Unix(listener, path.to_owned()))
    }

    /// Listens at a port of the loopback interface; 0 for any.
    ///
    /// # Errors
    /// When it is taken, or the address is none of this host alone: there is no TLS here.
    pub async fn tcp(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let why = format!("{address} would be served without TLS: take an address of the loopback interface");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        TcpListener::bind(address).await.map(Self::Tcp)
    }

    /// Its address, as [`crate::PluginAddress`] reads it.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<String> {
        Ok(match self {
            Self::Unix(_, path) => format!("unix://{}", path.display()),
            Self::Tcp(listener) => format!("http://{}", listener.local_addr()?),
        })
    }

    /// Serves until `end`. The socket's file goes with it.
    pub(crate) async fn serve(
        self,
        router: Router,
        end: impl Future<Output = ()>,
    ) -> Result<(), tonic::transport::Error> {
        match self {
            Self::Tcp(listener) => router.serve_with_incoming_shutdown(TcpListenerStream::new(listener), end).await,
            Self::Unix(listener, path) => {
                let served = router.serve_with_incoming_shutdown(UnixListenerStream::new(listener), end).await;
                // Whoever has it now is somebody else, if it is not there.
                let _ = fs::remove_file(path);
                served
            }
        }
    }
}
