//! A client that says exactly what a test wants said.

use std::net::SocketAddr;

use scaler_wm_control::http::serve;
use scaler_wm_core::control::Control;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::bench::build;

/// A server on loopback, which ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn of(managers: Vec<Control>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let serving = tokio::spawn(serve(listener, move || managers.clone(), build()));
        Self { address, serving }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// The answer to these bytes, until the server closes the connection.
    pub(crate) async fn say(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("it reads");
        rest(&mut stream).await
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        self.say(&format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n")).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What is still said until the end of a connection.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // One that is reset has said what it had to say.
    drop(stream.read_to_end(&mut said).await);
    String::from_utf8(said).expect("text")
}
