//! Who gets in, and which service answers.

use std::{convert::Infallible, pin::Pin};

use hyper::{Request, Response, body::Incoming, header::AUTHORIZATION};
use tokio::sync::watch;
use tonic::{Status, body::Body, server::NamedService};
use tonic_health::pb::health_server::HealthServer;
use tower_service::Service as Serves;

use crate::{
    Registry,
    generated::DESCRIPTORS,
    health::Healths,
    listen::Token,
    policy::Policies,
    service::Service,
    v1::{policy_engine_server::PolicyEngineServer, worker_managers_server::WorkerManagersServer},
};

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;
/// A service.
type Handler = Box<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// The services by name, and the token that opens them.
pub(super) struct Routes {
    services: Vec<(&'static str, Handler)>,
    unknown: Handler,
    token: Option<Token>,
}

fn handler<S>(service: S) -> (&'static str, Handler)
where
    S: Serves<Request<Incoming>, Response = Response<Body>, Error = Infallible> + NamedService,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let answer = move |request| Box::pin(service.clone().call(request)) as Answer;
    (S::NAME, Box::new(answer))
}

impl Routes {
    pub(super) fn new(registry: &Registry, token: Option<Token>, is_over: watch::Receiver<bool>) -> Self {
        let described = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        const WHOLE: &str = "committed descriptors are whole";
        let managers = Service::new(registry.clone(), is_over.clone());
        let services = vec![
            handler(WorkerManagersServer::new(managers)),
            handler(PolicyEngineServer::new(Policies)),
            handler(HealthServer::new(Healths::new(registry.clone(), is_over))),
            handler(described().build_v1().expect(WHOLE)),
            // What older clients still ask for.
            handler(described().build_v1alpha().expect(WHOLE)),
        ];
        let unknown =
            |_| Box::pin(async { Ok(Status::unimplemented("there is no such service").into_http()) }) as Answer;
        Self { services, unknown: Box::new(unknown), token }
    }

    /// The service of a request; `None` if it has not the right token.
    pub(super) fn let_in(&self, request: &Request<Incoming>) -> Option<&Handler> {
        if let Some(token) = &self.token
            && !token.is_in(request.headers().get(AUTHORIZATION))
        {
            return None;
        }
        let name = request.uri().path().split('/').nth(1).unwrap_or_default();
        let found = self.services.iter().find(|(known, _)| *known == name);
        Some(found.map_or(&self.unknown, |(_, handler)| handler))
    }

    /// The answer to a request without the right token.
    pub(super) fn refused(request: &Request<Incoming>) -> Response<Body> {
        let words = match request.headers().contains_key(AUTHORIZATION) {
            true => "this is the wrong token, and another token is required: that of control_token_file",
            false => "a bearer token is required: that of control_token_file",
        };
        Status::unauthenticated(format!("{words} (`ctl --token-file FILE`)")).into_http()
    }
}
