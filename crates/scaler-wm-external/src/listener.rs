//! Where something of ours is served.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, fchmod};
use tokio::net::{TcpListener, UnixListener, UnixSocket};
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::transport::server::Router;

/// Connections that may wait to be taken.
const WAITING: u32 = 1024;

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
        let socket = UnixSocket::new_stream()?;
        // Before it has a place: nobody else can come in between, whatever this process's mask is.
        fchmod(&socket, Mode::from_raw_mode(0o600))?;
        socket.bind(path)?;
        Ok(Self::Unix(socket.listen(WAITING)?, path.to_owned()))
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_socket_is_one_users_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugin.sock");
        for _ in 0..2 {
            let _left = Listener::unix(&path).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            tokio::net::UnixStream::connect(&path).await.unwrap();
        }
    }
}
