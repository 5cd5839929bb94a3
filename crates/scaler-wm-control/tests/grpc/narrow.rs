//! A client that takes little at a time, so that many of its readers may stand still at once: its own library would take
//! all that waits for it for an attack.

use std::{
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::{Request, Response, Uri, body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use scaler_wm_control::v1::worker_managers_client::WorkerManagersClient;
use tokio::net::UnixStream;
use tonic::body::Body;
use tower_service::Service;

/// Unread bytes of one answer.
const WINDOW: u32 = 2 << 10;
/// Unread bytes of all of them.
const CONNECTION_WINDOW: u32 = 8 << 20;

#[derive(Clone)]
pub(crate) struct Narrow(http2::SendRequest<Body>);

pub(crate) async fn connect(path: &Path) -> WorkerManagersClient<Narrow> {
    let stream = TokioIo::new(UnixStream::connect(path).await.unwrap());
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    let (send, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(connection);
    WorkerManagersClient::new(Narrow(send))
}

impl Service<Request<Body>> for Narrow {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        *request.uri_mut() = format!("http://localhost{}", request.uri().path()).parse::<Uri>().unwrap();
        Box::pin(self.0.send_request(request))
    }
}
