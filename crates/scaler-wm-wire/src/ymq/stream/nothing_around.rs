//! A build without the feature `tls`: nothing is around a socket.

use std::io;

use scaler_wm_core::{Address, Scheme};
use tokio::net::TcpStream;

use super::{Stream, bare};
use crate::{
    Result,
    ymq::{BindOptions, ConnectOptions},
};

pub(super) const SCHEMES: &[Scheme] = &[Scheme::Tcp, Scheme::Ipc];

#[expect(clippy::unused_async, reason = "as it is where there is something to put around")]
pub(super) async fn connect(socket: TcpStream, _: &Address, _: &ConnectOptions) -> Result<Stream> {
    Ok(bare(socket))
}

#[derive(Clone)]
pub(super) struct Around;

impl Around {
    #[expect(clippy::unnecessary_wraps, reason = "as it is where there is something to put around")]
    pub(super) const fn new(_: &Address, _: &BindOptions) -> Result<Self> {
        Ok(Self)
    }

    #[expect(clippy::unused_async, reason = "as it is where there is something to put around")]
    pub(super) async fn accept(self, socket: TcpStream) -> io::Result<Stream> {
        Ok(bare(socket))
    }
}
