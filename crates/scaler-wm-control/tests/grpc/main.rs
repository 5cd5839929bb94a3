//! The control plane over its socket, of managers on an infrastructure in memory.
#![expect(clippy::unwrap_used, reason = "what is not as it should be fails the test")]

#[path = "../http/bench.rs"]
#[expect(dead_code, reason = "what the tests of HTTP need besides")]
mod bench;
mod calls;
mod guard;
mod narrow;
mod policy;
mod standard;
mod watch;

use std::path::PathBuf;

use scaler_wm_control::{
    Listener, Registry,
    client::{Connection, Target, connect, managers},
    listen::Socket,
    serve,
    v1::{self, worker_managers_client::WorkerManagersClient},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use bench::{Bench, NAME};

/// A manager, and a socket at which it is watched.
struct Served {
    bench: Bench,
    registry: Registry,
    path: PathBuf,
    _folder: TempDir,
    serving: JoinHandle<()>,
}

type Client = WorkerManagersClient<Connection>;

impl Served {
    fn start() -> Self {
        let bench = Bench::start();
        bench.link.up();
        bench.link.wish(0);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let registry = Registry::default();
        registry.add(bench.control.clone(), "memory");
        let (listener, served) = (Listener::Socket(Socket::bind(&path).unwrap()), registry.clone());
        let serving = tokio::spawn(async move { serve(listener, served, std::future::pending()).await.unwrap() });
        Self { bench, registry, path, _folder: folder, serving }
    }

    async fn connect(&self) -> Connection {
        connect(&Target::Socket(self.path.clone())).await.unwrap()
    }

    async fn client(&self) -> Client {
        managers(self.connect().await)
    }

    async fn status(&self, client: &mut Client) -> v1::ManagerStatus {
        client.get_status(v1::GetStatusRequest::default()).await.unwrap().into_inner().managers.remove(0)
    }

    async fn end(self) {
        self.serving.abort();
        self.bench.stop().await;
    }
}
