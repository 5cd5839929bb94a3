//! A client that says exactly what a test wants said.

use std::net::SocketAddr;

use scaler_wm_control::{Registry, http::serve};
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
        let registry = Registry::default();
        managers.into_iter().for_each(|control| registry.add(control, "memory"));
        let serving = tokio::spawn(serve(listener, registry, build()));
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
        self.ask("GET", path, "").await
    }

    /// Asks with further lines in the head, each with its end.
    pub(crate) async fn ask(&self, method: &str, path: &str, lines: &str) -> String {
        self.say(&format!("{method} {path} HTTP/1.1\r\nhost: here\r\n{lines}\r\n")).await
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

/// The value of a line in the head of an answer.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    head.lines().filter_map(|line| line.split_once(": ")).find_map(|(key, value)| (key == name).then_some(value))
}

/// What comes after the head.
pub(crate) fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}
