//! One call over HTTP, on a connection of its own: nothing is kept that the other side may close meanwhile.

use std::io;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends a request to a port on loopback and reads the whole answer.
pub(crate) async fn exchange(port: u16, request: Request<Full<Bytes>>) -> io::Result<Response<Bytes>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let call = async move {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    };
    // The connection ends with the sender; its own error is that of the call.
    let (answer, _) = tokio::join!(call, connection);
    answer.map_err(|error: hyper::Error| io::Error::other(error))
}
