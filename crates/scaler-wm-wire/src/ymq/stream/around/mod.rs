//! What is around a socket: TLS, a WebSocket, or a WebSocket in TLS, as the address says.

mod tls;
mod verifier;
mod websocket;

use std::io;

use scaler_wm_core::{Address, Scheme};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::{Stream, bare, bare_host, from_io};
use crate::{
    Error, ErrorKind, Result,
    ymq::{BindOptions, ConnectOptions},
};

/// The schemes that this build speaks.
pub(super) const SCHEMES: &[Scheme] = &Scheme::ALL;

/// Puts it around a socket that is connected.
pub(super) async fn connect(socket: TcpStream, address: &Address, options: &ConnectOptions) -> Result<Stream> {
    match address.scheme {
        Scheme::Tcp | Scheme::Ipc => Ok(bare(socket)),
        Scheme::Tls => tls::connect(socket, address, &options.trust).await.map(halves),
        Scheme::Ws => websocket::connect(socket, address, options.max_frame).await,
        Scheme::Wss => {
            let secured = tls::connect(socket, address, &options.trust).await?;
            websocket::connect(secured, address, options.max_frame).await
        }
    }
}

/// What a listener puts around each socket that comes in.
#[derive(Clone)]
pub(super) struct Around {
    tls: Option<TlsAcceptor>,
    /// The longest frame, where there is a WebSocket.
    websocket: Option<u64>,
}

impl Around {
    /// What the address says.
    pub(super) fn new(address: &Address, options: &BindOptions) -> Result<Self> {
        let tls = match (&options.tls, address.scheme) {
            (Some(identity), Scheme::Tls | Scheme::Wss) => Some(tls::acceptor(identity, address)?),
            (None, Scheme::Tls | Scheme::Wss) => {
                let context = format!("{address} needs a certificate and its key");
                return Err(Error::new(ErrorKind::Address, "listen", context));
            }
            _ => None,
        };
        let websocket = matches!(address.scheme, Scheme::Ws | Scheme::Wss).then_some(options.max_frame);
        Ok(Self { tls, websocket })
    }

    /// Puts it around a socket that came in.
    pub(super) async fn accept(self, socket: TcpStream) -> io::Result<Stream> {
        match (self.tls, self.websocket) {
            (None, None) => Ok(bare(socket)),
            (None, Some(max_frame)) => websocket::accept(socket, max_frame).await,
            (Some(tls), None) => tls.accept(socket).await.map(|stream| halves(stream.into())),
            (Some(tls), Some(max_frame)) => websocket::accept(tls.accept(socket).await?, max_frame).await,
        }
    }
}

fn halves(stream: TlsStream<TcpStream>) -> Stream {
    let (reader, writer) = tokio::io::split(stream);
    Stream { reader: Box::new(reader), writer: Box::new(writer) }
}
