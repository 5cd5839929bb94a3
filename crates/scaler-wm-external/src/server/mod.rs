//! Any provider in Rust behind gRPC.

mod ends;
mod orders;
mod service;

use std::sync::Arc;

use scaler_wm_core::{Error, ErrorKind, Provider, Result};
use tonic::transport::Server;

use crate::{Listener, v1::provider_server::ProviderServer};
use service::Service;

/// The most that one question may have: the names of some hundred thousand units.
const LARGEST_QUESTION: usize = 64 << 20;

/// Serves a provider to one manager, until `end`: the first one that asks. Calls that are underway are answered still.
///
/// A launch is made by the manager, with the parameters that the provider has frozen for its tier. Where those differ from
/// launch to launch, each is prepared when it first comes, and one that comes again after a restart is answered with a
/// conflict: looks tell what has come of it.
///
/// # Errors
/// When the listener fails.
pub async fn serve_provider(
    provider: Arc<dyn Provider>,
    listener: Listener,
    end: impl Future<Output = ()>,
) -> Result<()> {
    let service = ProviderServer::new(Service::new(provider)).max_decoding_message_size(LARGEST_QUESTION);
    let served = listener.serve(Server::builder().add_service(service), end).await;
    served.map_err(|error| Error::new(ErrorKind::Failed, "serve the provider", "").with_source(error))
}
