//! A plug-in that does what a test says.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use scaler_wm_external::v1::{self, provider_server};
use tokio::{net::TcpListener, task::AbortHandle};
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{
    Request, Response, Status,
    transport::{Server, ServerTlsConfig},
};

/// What it answers.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) info: v1::InfoResponse,
    /// The bearer token that it wants.
    pub(crate) token: Option<&'static str>,
    /// How long a launch takes.
    pub(crate) launch_takes: Duration,
    /// How each launch fails.
    pub(crate) launch_fails: Option<Status>,
    pub(crate) launched: v1::LaunchResponse,
    pub(crate) observed: v1::ObserveResponse,
}

/// It listens until it is dropped.
pub(crate) struct Stub {
    pub(crate) address: String,
    pub(crate) launches: Arc<Mutex<Vec<v1::LaunchRequest>>>,
    pub(crate) asked: Arc<Mutex<Vec<v1::InfoRequest>>>,
    task: AbortHandle,
}

struct Service {
    script: Script,
    launches: Arc<Mutex<Vec<v1::LaunchRequest>>>,
    asked: Arc<Mutex<Vec<v1::InfoRequest>>>,
}

pub(crate) fn info() -> v1::InfoResponse {
    v1::InfoResponse { protocol: 1, name: "stub".to_owned(), idempotent: true, ..v1::InfoResponse::default() }
}

impl Stub {
    pub(crate) async fn start(script: Script, tls: Option<ServerTlsConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (scheme, mut server) = match tls {
            Some(tls) => ("https", Server::builder().tls_config(tls).unwrap()),
            None => ("http", Server::builder()),
        };
        let address = format!("{scheme}://{}", listener.local_addr().unwrap());
        let (launches, asked) = (Arc::<Mutex<_>>::default(), Arc::<Mutex<_>>::default());
        let service = Service { script, launches: Arc::clone(&launches), asked: Arc::clone(&asked) };
        let router = server.add_service(provider_server::ProviderServer::new(service));
        let task = tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener))).abort_handle();
        Self { address, launches, asked, task }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tonic::async_trait]
impl provider_server::Provider for Service {
    async fn info(&self, request: Request<v1::InfoRequest>) -> Result<Response<v1::InfoResponse>, Status> {
        let given = request.metadata().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Some(token) = self.script.token.filter(|token| given != format!("Bearer {token}")) {
            let _ = token;
            // As a proxy does that shows what it was sent.
            return Err(Status::unauthenticated(format!("the token is not the one: {given}")));
        }
        self.asked.lock().unwrap().push(request.into_inner());
        Ok(Response::new(self.script.info.clone()))
    }

    async fn launch(&self, request: Request<v1::LaunchRequest>) -> Result<Response<v1::LaunchResponse>, Status> {
        self.launches.lock().unwrap().push(request.into_inner());
        tokio::time::sleep(self.script.launch_takes).await;
        self.script.launch_fails.clone().map_or(Ok(Response::new(self.script.launched.clone())), Err)
    }

    async fn observe(&self, _: Request<v1::ObserveRequest>) -> Result<Response<v1::ObserveResponse>, Status> {
        Ok(Response::new(self.script.observed.clone()))
    }

    async fn stop(&self, _: Request<v1::StopRequest>) -> Result<Response<v1::StopResponse>, Status> {
        // It answers for nobody.
        Ok(Response::new(v1::StopResponse::default()))
    }

    type WatchChangesStream = Pin<Box<dyn Stream<Item = Result<v1::Change, Status>> + Send>>;

    async fn watch_changes(
        &self,
        _: Request<v1::WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn sweep(&self, _: Request<v1::SweepRequest>) -> Result<Response<v1::SweepResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn leave(&self, _: Request<v1::LeaveRequest>) -> Result<Response<v1::LeaveResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
